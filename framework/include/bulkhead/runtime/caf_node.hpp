#pragma once

#include "bulkhead/transport/handshake.hpp"

#include <caf/fwd.hpp>
#include <caf/node_id.hpp>

#include <optional>

namespace bulkhead::runtime {

/// Twenty octets from the system's random source.
transport::system_key make_system_key();

/// The node id of process `number` of the system with `key`. A worker's number is never used again, so an id names an
/// incarnation, and a handle to an actor of a dead worker can never reach an actor of its successor.
caf::node_id make_node(transport::process_number number, const transport::system_key& key);

/// The number in an id that `make_node` made with the same key.
std::optional<transport::process_number> number_of(const caf::node_id& node, const transport::system_key& key);

/// The number behind the process id in such a node id.
std::optional<transport::process_number> process_in_node(uint32_t process_id) noexcept;

/// The raw parts of a node id that CAF itself made; `nullopt` for empty ids and for URIs.
struct node_parts {
  uint32_t process;
  transport::system_key key;
};

std::optional<node_parts> parts_of(const caf::node_id& node);

/// Gives `system` its node id. CAF 0.18.7 offers this to its own I/O module only. Actors copy the id when they are
/// spawned, so this must happen while the system is under construction.
void set_node(caf::actor_system& system, caf::node_id node);

} // namespace bulkhead::runtime
