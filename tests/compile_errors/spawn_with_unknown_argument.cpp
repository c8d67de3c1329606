// error: each argument of a heavy actor needs a type id: add CAF_ADD_TYPE_ID for it to the application's block
#include "snippet.hpp"

void bad(bulkhead::host& host) {
  (void) host.spawn("worker", snippet::unknown{});
}
