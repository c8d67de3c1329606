# What Doxygen reads of a header: without what is defaulted and has no comment, and without the part of a class that follows
# "// -- for Bulkhead --". Lines keep their numbers.
/^ *\/\/ -- for (Bulkhead|CAF) --/ { print "/// @cond"; hidden = 1; next }
hidden && /^(private:|};|  \/\/ -- )/ { printf "/** @endcond */ "; hidden = 0 }
/= (default|delete);$/ && !commented { print ""; next }
{ commented = /^ *\/\/\//; print }
