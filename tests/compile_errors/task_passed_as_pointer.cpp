// error: pass functions as submit<&function>(...)
#include "snippet.hpp"

void bad(const bulkhead::executor& pool) {
  pool.submit(&snippet::length, "a");
}
