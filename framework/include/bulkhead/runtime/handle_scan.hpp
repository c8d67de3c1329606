#pragma once

#include "bulkhead/runtime/export_table.hpp"
#include "bulkhead/transport/handshake.hpp"

#include <caf/byte_buffer.hpp>
#include <caf/fwd.hpp>
#include <caf/mailbox_element.hpp>

#include <functional>

namespace bulkhead::runtime {

/// Calls `found` with the address of each actor of this host system whose handle stands in an encoded message.
///
/// CAF 0.18.7 tells nobody which handles it writes, so the bytes are searched for the twenty random octets that all
/// node ids of this system share. A false hit needs the same octets in application data and does no harm: it keeps an
/// actor alive for longer.
/// @param stages the actors that an answer still passes, which stand in front of the content. Without any, messages that consist of plain
///               data only are not searched.
void for_each_handle(const caf::message& content, const caf::mailbox_element::forwarding_stack& stages,
                     const caf::byte_buffer& encoded, const transport::system_key& key,
                     const std::function<void(const wire_address&)>& found);

} // namespace bulkhead::runtime
