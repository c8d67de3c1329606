// error: each parameter of a task needs a type id: add CAF_ADD_TYPE_ID for it to the application's block
#include "snippet.hpp"

int32_t look_at(const snippet::unknown& x);

void bad(const bulkhead::executor& pool) {
  pool.submit<&look_at>(snippet::unknown{});
}
