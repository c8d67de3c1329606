#pragma once

#include <cstdint>

namespace bulkhead::shm {

/// What is wrong with a word or a record that the peer wrote. A peer with a flaw is not to be read any further.
enum class flaw : uint8_t {
  none,
  published_went_back,
  published_passes_room,
  published_unaligned,
  record_too_large,
  record_crosses_end,
  record_passes_published,
  padding_malformed,
  consumed_went_back,
  consumed_passes_published,
  consumed_unaligned,
  consumed_too_far_behind,
};

/// @returns one sentence for a log or an error message; never null.
[[nodiscard]] const char* sentence(flaw found) noexcept;

} // namespace bulkhead::shm
