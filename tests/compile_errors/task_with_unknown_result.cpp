// error: the result of a task needs a type id: add CAF_ADD_TYPE_ID for it to the application's block
#include "snippet.hpp"

snippet::unknown make(int32_t x);

void bad(const bulkhead::executor& pool) {
  pool.submit<&make>(1);
}
