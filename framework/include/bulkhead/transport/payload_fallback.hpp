#pragma once

#include <cstdint>

namespace bulkhead::transport {

/// What to do with a payload when there is no room to lend it.
enum class payload_fallback : uint8_t {
  /// It travels inside the message, in pieces, with copies.
  copy,
  /// The message fails with `errc::payload_room_full`.
  fail,
};

} // namespace bulkhead::transport
