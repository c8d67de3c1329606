// error: a shared value is plain memory of at most 16 MiB
#include "snippet.hpp"

void bad(const bulkhead::shared_value<std::string>& x) {
  (void) x.load();
}
