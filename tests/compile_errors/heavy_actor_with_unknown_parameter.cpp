// error: each parameter of a heavy actor needs a type id: add CAF_ADD_TYPE_ID for it to the application's block
#include "snippet.hpp"

caf::behavior worker(caf::event_based_actor* self, const snippet::unknown& x);

void bad(caf::actor_system_config& cfg) {
  bulkhead::heavy<"worker", worker>::add_to(cfg);
}
