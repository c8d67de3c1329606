#include "bulkhead/transport/snapshot.hpp"

#include "bulkhead/platform/plain_name.hpp"
#include "bulkhead/transport/death_certificate.hpp"
#include "bulkhead/transport/foreign_call.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/sec.hpp>

#include <boost/core/demangle.hpp>

#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::transport {

namespace {

using name_size = uint32_t;

/// Longer ones come from no compiler.
constexpr size_t name_bytes_max = 4096;

constexpr size_t name_bytes_told = 200;

std::string readable(std::string_view name) {
  auto result = boost::core::demangle(std::string{name}.c_str());
  if (result.size() > name_bytes_told) {
    result.resize(name_bytes_told);
    result += "...";
  }
  return result;
}

caf::error failure(errc code, const std::type_info& type, std::string why) {
  return caf::make_error(code, readable(type.name()), std::move(why));
}

std::string reason_of(const caf::error& failed) {
  // Nothing here knows an actor system: an actor would not be kept alive by bytes that wait in the host.
  if (failed == caf::sec::no_context)
    return "it holds the handle of an actor, which a snapshot cannot keep: keep what leads to that actor again, such "
           "as a name";
  return to_string(failed);
}

// Takes the name off `encoded`.
std::optional<std::string_view> take_name(std::span<const std::byte>& encoded) noexcept {
  name_size size = 0;
  if (encoded.size() < sizeof(size))
    return std::nullopt;
  std::memcpy(&size, encoded.data(), sizeof(size));
  encoded = encoded.subspan(sizeof(size));
  if (size > name_bytes_max || size > encoded.size())
    return std::nullopt;
  std::string_view result{reinterpret_cast<const char*>(encoded.data()), size};
  encoded = encoded.subspan(size);
  return result;
}

} // namespace

caf::error encode_snapshot(const std::type_info& type, snapshot_writer write, const void* value,
                           caf::byte_buffer& out) {
  std::string_view name{type.name()};
  if (name.size() > name_bytes_max)
    return failure(errc::encode_failed, type,
                   "its name has more than " + std::to_string(name_bytes_max) + " characters");
  auto size = static_cast<name_size>(name.size());
  auto add = [&out](const void* first, size_t count) {
    auto bytes = static_cast<const caf::byte*>(first);
    out.insert(out.end(), bytes, bytes + count);
  };
  try {
    add(&size, sizeof(size));
    add(name.data(), name.size());
    caf::execution_unit* nowhere = nullptr;
    caf::binary_serializer sink{nowhere, out};
    if (write(sink, value))
      return {};
    return failure(errc::encode_failed, type, reason_of(sink.get_error()));
  } catch (...) {
    return failure(errc::encode_failed, type, thrown_text());
  }
}

std::string_view type_of_snapshot(std::span<const std::byte> encoded) noexcept {
  return take_name(encoded).value_or(std::string_view{});
}

caf::error decode_snapshot(const std::type_info& type, snapshot_reader read, std::span<const std::byte> encoded,
                           void* value) {
  auto name = take_name(encoded);
  if (!name)
    return failure(errc::decode_failed, type, "what the predecessor left is no snapshot");
  if (*name != type.name())
    return failure(errc::decode_failed, type,
                   "the predecessor left another type: " + platform::plain_name(printable(*name, name_bytes_told)));
  try {
    caf::execution_unit* nowhere = nullptr;
    checked_deserializer source{nowhere, encoded};
    if (!read(source, value))
      return failure(errc::decode_failed, type, reason_of(source.get_error()));
    if (source.remaining() != 0)
      return failure(errc::decode_failed, type,
                     "bytes are left over: the predecessor's program had other fields in this type");
    return {};
  } catch (...) {
    return failure(errc::decode_failed, type, thrown_text());
  }
}

} // namespace bulkhead::transport
