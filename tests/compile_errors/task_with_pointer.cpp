// error: a task cannot take a pointer: pass the value, such as a std::string or bytes
#include "snippet.hpp"

int32_t size(const char* text, int32_t);

void bad(const bulkhead::executor& pool) {
  pool.submit<&size>("a", 1);
}
