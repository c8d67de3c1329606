#pragma once

#include <caf/actor_control_block.hpp>
#include <caf/fwd.hpp>
#include <caf/node_id.hpp>
#include <caf/proxy_registry.hpp>

#include <vector>

namespace bulkhead::runtime {

/// Enters `actor` into the registry of its system, from which CAF resolves handles that come home. Unlike
/// `actor_registry::put` it attaches nothing to the actor, so that it can be done and undone any number of times;
/// the caller must `unpin` when the actor ends.
void pin(const caf::strong_actor_ptr& actor);

/// Takes `actor` out of the registry of its system.
void unpin(const caf::strong_actor_ptr& actor);

/// Takes an entry out of `proxies` without ending what stands there. For actors that are no proxies: `erase` would call
/// them as if they were.
void forget(caf::proxy_registry& proxies, const caf::node_id& node, caf::actor_id id);

/// Takes all entries out of `proxies`, without ending them.
std::vector<caf::strong_actor_ptr> take_all(caf::proxy_registry& proxies);

} // namespace bulkhead::runtime
