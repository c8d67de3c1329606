#pragma once

#include "bulkhead/transport/codec.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>

namespace bulkhead::runtime {

/// Runs the factory that the configuration of `system` has under the name in `what`.
/// @param unit runs the new actor; null: the scheduler.
/// @returns `unknown_actor`, `wrong_arguments`, `wrong_interface` or `constructor_failed`, each with its details.
caf::expected<caf::strong_actor_ptr> spawn_by_name(caf::actor_system& system, const transport::spawn_request& what,
                                                   caf::execution_unit* unit);

} // namespace bulkhead::runtime
