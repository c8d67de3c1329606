// error: a task cannot change the caller's objects: take its parameters by value or const&, and return the result
#include "snippet.hpp"

void append(std::string& text);

void bad(const bulkhead::executor& pool, std::string& text) {
  pool.submit<&append>(text);
}
