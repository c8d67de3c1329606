#pragma once

#include "bulkhead/transport/checked_deserializer.hpp"
#include "bulkhead/transport/errc.hpp"

#include <caf/binary_serializer.hpp>
#include <caf/byte_buffer.hpp>
#include <caf/error.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <typeinfo>

namespace bulkhead::transport {

// A snapshot is the name of its type, as `typeid` has it, and the value in CAF's binary format. Whoever reads it may be another
// program than the one that wrote it, so both are checked.

using snapshot_writer = bool (*)(caf::binary_serializer& sink, const void* value);
using snapshot_reader = bool (*)(checked_deserializer& source, void* value);

/// Appends a snapshot of `value`, which is of `type`, to `out`.
/// @returns `errc::encode_failed` with the type and the reason; `out` must then not be used.
[[nodiscard]] caf::error encode_snapshot(const std::type_info& type, snapshot_writer write, const void* value,
                                         caf::byte_buffer& out);

/// The reverse of `encode_snapshot`, for any bytes.
/// @returns `errc::decode_failed` with the type and the reason; `value` must then not be used.
[[nodiscard]] caf::error decode_snapshot(const std::type_info& type, snapshot_reader read,
                                         std::span<const std::byte> encoded, void* value);

/// The name of the type of a snapshot, for any bytes; empty if they are none.
[[nodiscard]] std::string_view type_of_snapshot(std::span<const std::byte> encoded) noexcept;

template <class T>
[[nodiscard]] caf::error encode_snapshot(const T& value, caf::byte_buffer& out) {
  auto write = [](caf::binary_serializer& sink, const void* what) { return sink.apply(*static_cast<const T*>(what)); };
  return encode_snapshot(typeid(T), write, &value, out);
}

template <class T>
[[nodiscard]] caf::error decode_snapshot(std::span<const std::byte> encoded, T& value) {
  auto read = [](checked_deserializer& source, void* what) { return source.apply(*static_cast<T*>(what)); };
  return decode_snapshot(typeid(T), read, encoded, &value);
}

} // namespace bulkhead::transport
