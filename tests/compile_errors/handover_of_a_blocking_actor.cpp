// error: a blocking actor has a state beside its handlers, so there is no moment at which it could be handed over: use snapshot
#include "snippet.hpp"

void bad(caf::blocking_actor* self) {
  (void) bulkhead::on_handover(self, [] { return int32_t{1}; });
}
