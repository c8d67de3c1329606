#pragma once

#include "bulkhead/transport/codec.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>

namespace bulkhead::runtime {

/// A flag of actors that CAF leaves free: another process follows the one of this actor, with its state. Set while it is
/// constructed, too.
constexpr int has_successor_flag = 0x4000;

/// Runs the factory that the configuration of `system` has under the name in `what`.
/// @param unit  runs the new actor; null: the scheduler.
/// @param flags the actor has from the start.
/// @returns `unknown_actor`, `wrong_arguments`, `wrong_interface` or `constructor_failed`, each with its details.
caf::expected<caf::strong_actor_ptr> spawn_by_name(caf::actor_system& system, const transport::spawn_request& what,
                                                   caf::execution_unit* unit, int flags = 0);

} // namespace bulkhead::runtime
