// A worker of the right types that knows none of the functions of its host.
#include "support/types.hpp"

void caf_main(caf::actor_system&) {
  // nop
}

BULKHEAD_MAIN(caf::id_block::test)
