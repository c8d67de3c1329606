// error: an array holds plain values only: numbers, or structs of them without pointers, strings or vectors
#include "snippet.hpp"

void bad(const bulkhead::array<std::string>& x) {
  (void) x.size();
}
