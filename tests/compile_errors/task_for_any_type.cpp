// error: a task needs a function object with one call operator that is no template
#include "snippet.hpp"

void bad(const bulkhead::executor& pool) {
  pool.submit([](auto x) { return x; }, 1);
}
