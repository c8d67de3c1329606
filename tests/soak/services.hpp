#pragma once

#include "support/stage.hpp"

namespace soak {

/// What the traffic goes to, and what is done to it.
struct services {
  explicit services(test_support::host_fixture& where);

  /// Supervised: a message in doubt fails, with a spare; the same message is tried again.
  caf::actor single;
  caf::actor retried;
  /// Two members, copies of a fork server.
  caf::actor pool;
  caf::actor relay;
  caf::actor keeper;
  caf::actor publisher;
  /// Two workers.
  bulkhead::executor tasks;
};

/// Options of an actor that comes back soon, however often it dies.
bulkhead::worker_options lasting(bulkhead::in_doubt interrupted = bulkhead::in_doubt::fail);

} // namespace soak
