#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bulkhead::shm {

/// Records start at multiples of this many bytes.
constexpr size_t record_alignment = 16;

/// What stands before every payload in a lane; the picture is in `layout.hpp`.
struct record_header {
  /// Bytes of payload, without this header and without the gap up to the next record.
  uint32_t payload_bytes;

  /// The caller's, except `padding_kind`.
  uint16_t kind;

  /// The caller's.
  uint16_t flags;

  /// The caller's.
  uint64_t aux;
};

static_assert(sizeof(record_header) == 16 && alignof(record_header) == 8);
static_assert(offsetof(record_header, kind) == 4 && offsetof(record_header, flags) == 6);
static_assert(offsetof(record_header, aux) == 8 && sizeof(record_header) % record_alignment == 0);

/// A record that fills the tail of the ring because the next one would cross it. Its flags and aux are zero.
constexpr uint16_t padding_kind = 0xffff;

/// @returns the bytes that a record with this payload takes in a lane.
[[nodiscard]] constexpr size_t record_bytes(size_t payload_bytes) noexcept {
  return (sizeof(record_header) + payload_bytes + record_alignment - 1) & ~(record_alignment - 1);
}

/// @returns the largest payload in bytes that a ring of this size takes. A record has at most a quarter of the ring: with
/// its padding it stays below one half, so a full ring becomes usable long before it is empty.
[[nodiscard]] constexpr uint32_t largest_payload(uint32_t ring_bytes) noexcept {
  return ring_bytes / 4 - static_cast<uint32_t>(sizeof(record_header));
}

/// A record as the reader sees it. The payload stands in the peer's region and is the peer's to change at any time: parse it
/// with bounds, read each byte that a decision hangs on once. It is valid until its room is given back.
struct record_view {
  uint16_t kind = 0;
  uint16_t flags = 0;
  uint64_t aux = 0;
  std::span<const std::byte> payload;

  /// The position behind the record: gives it back when passed to `lane_reader::publish_consumed`.
  uint64_t end_position = 0;
};

} // namespace bulkhead::shm
