// error: then needs an event-based actor: use get() in others
#include "snippet.hpp"

void bad(caf::blocking_actor* self, const bulkhead::future<int32_t>& x) {
  x.then(
    self, [](int32_t) {}, [](const caf::error&) {});
}
