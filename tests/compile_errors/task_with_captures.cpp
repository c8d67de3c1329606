// error: a task cannot capture anything: pass what it needs as arguments
#include "snippet.hpp"

void bad(const bulkhead::executor& pool, int32_t x) {
  pool.submit([x](int32_t y) { return x + y; }, 1);
}
