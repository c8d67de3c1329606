#pragma once

#include "bulkhead/runtime/export_table.hpp"
#include "bulkhead/runtime/caf_node.hpp"

#include <caf/fwd.hpp>
#include <caf/mailbox_element.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>

namespace bulkhead::runtime {

/// How the processes of one host system are called in encoded handles.
struct handle_names {
  /// Twenty random octets that their node ids share.
  transport::system_key key;
  /// The host's node, if CAF's I/O module has given it another one.
  std::optional<node_parts> host;
};

/// Whether a message may hold handles of actors: messages of plain data do not.
/// @param stages the actors that an answer still passes, which stand in front of the content.
[[nodiscard]] bool may_hold_handles(const caf::message& content, const caf::mailbox_element::forwarding_stack& stages);

/// Calls `found` with the address of each actor of this host system whose handle stands in encoded bytes.
///
/// CAF 0.18.7 does not tell which handles it writes, so the bytes are searched for what node ids of this system have in common. A false
/// hit needs the same twenty octets in application data.
void for_each_handle(std::span<const std::byte> encoded, const handle_names& names,
                     const std::function<void(const wire_address&)>& found);

[[nodiscard]] bool holds_handle(std::span<const std::byte> encoded, const handle_names& names);

} // namespace bulkhead::runtime
