// error: the arguments do not fit the parameters of the task's function
#include "snippet.hpp"

void bad(const bulkhead::executor& pool) {
  pool.submit<&snippet::length>("a", 1);
}
