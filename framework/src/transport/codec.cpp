#include "bulkhead/transport/codec.hpp"

#include "bulkhead/transport/attachments.hpp"
#include "bulkhead/transport/checked_deserializer.hpp"
#include "bulkhead/transport/errc.hpp"
#include "bulkhead/transport/foreign_call.hpp"
#include "bulkhead/transport/message_format.hpp"
#include "bulkhead/transport/record.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/binary_serializer.hpp>
#include <caf/detail/meta_object.hpp>
#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

#include <algorithm>
#include <exception>

namespace bulkhead::transport {

namespace {

std::string name_of(caf::type_id_t id) {
  auto known = caf::detail::global_meta_objects();
  if (id >= known.size() || known[id].type_name.empty())
    return "type id " + std::to_string(id);
  return {known[id].type_name.begin(), known[id].type_name.end()};
}

caf::error failure(errc code, std::string types, const std::string& why) {
  return {code, caf::make_message(std::move(types), why)};
}

// CAF reads the type ids first, so this much can be told of a message that does not decode.
std::string types_in(std::span<const std::byte> body) {
  if (body.empty())
    return "(nothing)";
  auto count = static_cast<size_t>(body[0]);
  std::string result = "(";
  for (size_t i = 0; i < count && i < 8 && 2 + 2 * i < body.size(); ++i) {
    auto id = static_cast<caf::type_id_t>((static_cast<unsigned>(body[1 + 2 * i]) << 8)
                                          | static_cast<unsigned>(body[2 + 2 * i]));
    result += (i > 0 ? ", " : "") + name_of(id);
  }
  return result + ")";
}

// An `inspect` of an application may throw; nothing may come out of here but an error.
template <class Load, class Types>
caf::error guarded(caf::execution_unit* context, std::span<const std::byte> body, incoming_attachments* beside,
                   Types types, Load load) {
  try {
    checked_deserializer source{context, body};
    incoming_attachments::scope scope{beside, &source};
    if (load(source))
      return source.remaining() == 0 ? caf::error{} : failure(errc::decode_failed, types(), "bytes are left over");
    return failure(errc::decode_failed, types(), to_string(source.get_error()));
  } catch (...) {
    return failure(errc::decode_failed, types(), thrown_text());
  }
}

template <class Save>
caf::error guarded(caf::execution_unit* context, caf::byte_buffer& out, outgoing_attachments* beside,
                   const caf::message& content, Save save) {
  try {
    caf::binary_serializer sink{context, out};
    outgoing_attachments::scope scope{beside, &sink};
    sink.seek(out.size());
    if (save(sink))
      return {};
    if (beside != nullptr && beside->refused())
      return failure(errc::payload_room_full, type_names(content), explain(errc::payload_room_full));
    return failure(errc::encode_failed, type_names(content), to_string(sink.get_error()));
  } catch (...) {
    return failure(errc::encode_failed, type_names(content), thrown_text());
  }
}

// What travels beside the bytes is listed behind them.
caf::error append(outgoing_attachments* beside, caf::byte_buffer& out, uint16_t& flags) {
  if (beside == nullptr || beside->empty())
    return {};
  if (beside->descriptor_count() > descriptors_max)
    return failure(errc::encode_failed, "(a message with descriptors)",
                   "more than " + std::to_string(descriptors_max) + " descriptors in one message");
  flags |= flag_has_attachments;
  beside->append_to(out);
  return {};
}

// The same error with `text` instead of its context; an application's own code cannot be kept.
caf::error with_text(const caf::error& reason, std::string text) {
  if (reason.category() == caf::type_id_v<caf::exit_reason>)
    return caf::make_error(static_cast<caf::exit_reason>(reason.code()), std::move(text));
  if (reason.category() == caf::type_id_v<caf::sec>)
    return caf::make_error(static_cast<caf::sec>(reason.code()), std::move(text));
  return caf::make_error(errc::encode_failed, std::move(text));
}

} // namespace

std::string type_names(const caf::message& content) {
  return type_names(content.types());
}

std::string type_names(caf::type_id_list types) {
  std::string result = "(";
  for (size_t i = 0; i < types.size(); ++i)
    result += (i > 0 ? ", " : "") + name_of(types[i]);
  return result + ")";
}

caf::error encode(caf::execution_unit* context, const caf::mailbox_element& what, caf::byte_buffer& out,
                  uint16_t& flags, outgoing_attachments* beside) {
  flags = what.stages.empty() ? 0 : flag_has_stages;
  auto failed = guarded(context, out, beside, what.payload, [&](caf::binary_serializer& sink) {
    auto stages = what.stages;
    return (stages.empty() || sink.apply(stages)) && save_message(sink, what.payload);
  });
  return failed ? failed : append(beside, out, flags);
}

caf::error decode(caf::execution_unit* context, uint16_t flags, std::span<const std::byte> body,
                  incoming_attachments* beside, caf::mailbox_element::forwarding_stack& stages, caf::message& content) {
  auto has_stages = (flags & flag_has_stages) != 0;
  auto types = [=] { return has_stages ? std::string{"(a message on its way through a chain)"} : types_in(body); };
  return guarded(context, body, beside, types, [&](checked_deserializer& source) {
    return (!has_stages || source.apply(stages)) && load_message(source, content);
  });
}

caf::byte_buffer encode_reason(caf::execution_unit* context, const caf::error& reason, size_t bytes_max) {
  caf::byte_buffer result;
  auto copy = reason;
  if (!guarded(context, result, nullptr, reason ? reason.context() : caf::message{},
               [&](caf::binary_serializer& to) { return to.apply(copy); })
      && result.size() <= bytes_max)
    return result;
  return encode_reason_as_text(context, reason, bytes_max);
}

caf::byte_buffer encode_reason_as_text(caf::execution_unit* context, const caf::error& reason, size_t bytes_max) {
  auto text = to_string(reason);
  text.resize(std::min(text.size(), bytes_max / 2));
  auto plain = with_text(reason, std::move(text));
  caf::byte_buffer result;
  caf::binary_serializer sink{context, result};
  (void) sink.apply(plain);
  return result;
}

caf::error decode_reason(caf::execution_unit* context, std::span<const std::byte> body) {
  caf::error result;
  auto types = [] { return std::string{"(caf::error)"}; };
  auto failed =
    guarded(context, body, nullptr, types, [&](checked_deserializer& source) { return source.apply(result); });
  return failed ? failed : result;
}

caf::error encode(caf::execution_unit* context, spawn_request& what, caf::byte_buffer& out, uint16_t& flags,
                  outgoing_attachments* beside) {
  flags = 0;
  auto failed =
    guarded(context, out, beside, what.arguments, [&](caf::binary_serializer& sink) { return sink.apply(what); });
  return failed ? failed : append(beside, out, flags);
}

caf::error decode(caf::execution_unit* context, std::span<const std::byte> body, incoming_attachments* beside,
                  spawn_request& what) {
  auto types = [] { return std::string{"(the arguments of a spawn)"}; };
  return guarded(context, body, beside, types, [&](checked_deserializer& source) { return source.apply(what); });
}

bool is_initialized(caf::type_id_t id) noexcept {
  return caf::detail::global_meta_object(id) != nullptr;
}

uint64_t type_table_digest() {
  // FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/
  uint64_t digest = 0xcbf29ce484222325u;
  auto add = [&digest](unsigned char octet) { digest = (digest ^ octet) * 0x100000001b3u; };
  auto known = caf::detail::global_meta_objects();
  for (size_t id = 0; id < known.size(); ++id) {
    if (known[id].type_name.empty())
      continue;
    add(static_cast<unsigned char>(id & 0xff));
    add(static_cast<unsigned char>(id >> 8));
    for (auto c : known[id].type_name)
      add(static_cast<unsigned char>(c));
    add(0);
  }
  return digest;
}

} // namespace bulkhead::transport
