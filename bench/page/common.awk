# What both other files read a run with.

# The value of a key in a line of JSON without nesting, empty if it is not there.
function field(line, key,    at, rest) {
  at = index(line, "\"" key "\": ")
  if (!at) return ""
  rest = substr(line, at + length(key) + 4)
  if (substr(rest, 1, 1) == "\"") {
    rest = substr(rest, 2)
    return substr(rest, 1, index(rest, "\"") - 1)
  }
  sub(/[,}].*/, "", rest)
  return rest
}

function trim(text) {
  gsub(/^ +| +$/, "", text)
  return text
}
