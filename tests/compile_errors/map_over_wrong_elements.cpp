// error: the arguments do not fit the parameters of the task's function
#include "snippet.hpp"

void bad(const bulkhead::executor& pool, const std::vector<snippet::known>& all) {
  bulkhead::map<&snippet::length>(pool, all);
}
