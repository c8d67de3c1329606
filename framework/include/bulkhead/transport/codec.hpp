#pragma once

#include <caf/byte_buffer.hpp>
#include <caf/error.hpp>
#include <caf/fwd.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/type_id_list.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bulkhead::transport {

class incoming_attachments;
class outgoing_attachments;

/// Names the types of `content` for error messages, such as "(int32_t, std::string)".
std::string type_names(const caf::message& content);
std::string type_names(caf::type_id_list types);

/// Appends what a message record carries after its envelope.
/// @param context gives handles inside the message their actor system.
/// @param flags receives the record's flags.
/// @param beside collects what travels beside the bytes; null if nothing can.
/// @returns `errc::encode_failed` with the types and CAF's reason, or `errc::payload_room_full`; `out` must then not be used.
[[nodiscard]] caf::error encode(caf::execution_unit* context, const caf::mailbox_element& what, caf::byte_buffer& out,
                                uint16_t& flags, outgoing_attachments* beside);

/// The reverse of `encode`.
/// @param body   without the attachments at its end.
/// @param beside what came with the record; null if nothing did.
/// @returns `errc::decode_failed` with as many of the types as could be read.
[[nodiscard]] caf::error decode(caf::execution_unit* context, uint16_t flags, std::span<const std::byte> body,
                                incoming_attachments* beside, caf::mailbox_element::forwarding_stack& stages,
                                caf::message& content);

/// Encodes an exit reason. A context that cannot be encoded, or that needs more than `bytes_max`, is replaced by its text.
[[nodiscard]] caf::byte_buffer encode_reason(caf::execution_unit* context, const caf::error& reason, size_t bytes_max);

/// The same with the text of the context instead of the context.
[[nodiscard]] caf::byte_buffer encode_reason_as_text(caf::execution_unit* context, const caf::error& reason,
                                                     size_t bytes_max);

/// The reverse of `encode_reason`; garbage becomes `errc::decode_failed`.
[[nodiscard]] caf::error decode_reason(caf::execution_unit* context, std::span<const std::byte> body);

/// What a spawn record asks for.
struct spawn_request {
  std::string name;
  bool check_interface = false;
  std::vector<std::string> interface;
  caf::message arguments;
  /// Why it cannot be sent; then there are no arguments.
  caf::error wrong = {};

  template <class Inspector>
  friend bool inspect(Inspector& f, spawn_request& x) {
    return f.object(x).fields(f.field("name", x.name), f.field("check_interface", x.check_interface),
                              f.field("interface", x.interface), f.field("arguments", x.arguments));
  }
};

[[nodiscard]] caf::error encode(caf::execution_unit* context, spawn_request& what, caf::byte_buffer& out,
                                uint16_t& flags, outgoing_attachments* beside);
[[nodiscard]] caf::error decode(caf::execution_unit* context, std::span<const std::byte> body,
                                incoming_attachments* beside, spawn_request& what);

/// Whether messages may hold this type: an id that was never initialized makes CAF crash.
[[nodiscard]] bool is_initialized(caf::type_id_t id) noexcept;

/// A number that differs between programs whose message types differ: covers each type id and its name.
uint64_t type_table_digest();

} // namespace bulkhead::transport
