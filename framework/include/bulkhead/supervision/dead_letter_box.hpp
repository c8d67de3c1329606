#pragma once

#include "bulkhead/supervision/dead_letter.hpp"

#include <caf/byte_buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

namespace bulkhead::supervision {

/// Keeps dead letters, the newest ones. Contents are kept encoded, so nothing that a message refers to lives on because of it.
///
/// Thread safety: all functions from any thread.
class dead_letter_box {
public:
  /// @param letters_max so many are kept.
  /// @param bytes_max   of all contents together.
  dead_letter_box(size_t letters_max, uint64_t bytes_max) noexcept : letters_max_(letters_max), bytes_max_(bytes_max) {
    // nop
  }

  /// The oldest letters make room for this one.
  void add(dead_letter what);

  /// Goes with the letters whose last death it is about.
  void note(const death_certificate& what);

  /// The oldest one first.
  [[nodiscard]] std::vector<dead_letter> all() const;

  /// The same; then there are none.
  [[nodiscard]] std::vector<dead_letter> take();

private:
  struct kept {
    /// Without its content.
    dead_letter what;
    /// Empty if it is not kept.
    caf::byte_buffer content;
  };

  [[nodiscard]] static std::vector<dead_letter> opened(const std::deque<kept>& letters);

  const size_t letters_max_;
  const uint64_t bytes_max_;
  mutable std::mutex mutex_;
  std::deque<kept> letters_;
  /// Of their contents.
  uint64_t bytes_ = 0;
};

} // namespace bulkhead::supervision
