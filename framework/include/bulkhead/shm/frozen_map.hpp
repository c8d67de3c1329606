#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace bulkhead::shm {

/// A sorted table of strings in one run of bytes that is complete before anybody else sees it:
///
/// ```
///   byte 0        16                     16 + 32 * entries
///   +-------------+----------------------+---------------------------------------+
///   | magic,      | entry, entry, ...    | keys and values, values aligned to 8  |
///   | entries     | sorted by key        |                                       |
///   +-------------+----------------------+---------------------------------------+
/// ```
///
/// It can be checked once in all its parts, which the containers of Boost.Interprocess cannot: their offset pointers are
/// followed blindly.
///
/// Thread safety: as an immutable value. Lifetime: the bytes outlive it and are not changed.
class frozen_map {
public:
  using item = std::pair<std::string_view, std::string_view>;

  /// Empty.
  frozen_map() noexcept = default;

  /// Checks every offset, every size and the order of the keys.
  /// @param memory may hold anything, but does not change; aligned to 8.
  /// @returns nothing if it is not such a table.
  [[nodiscard]] static std::optional<frozen_map> open(std::span<const std::byte> memory) noexcept;

  /// Sorts `items` by key.
  /// @returns false if two have the same key.
  [[nodiscard]] static bool sort(std::vector<item>& items);

  /// Bytes that `write` needs for them.
  [[nodiscard]] static size_t bytes_for(std::span<const item> items) noexcept;

  /// @param items as `sort` leaves them.
  /// @param memory of `bytes_for(items)`.
  static void write(std::span<const item> items, std::span<std::byte> memory) noexcept;

  /// Looks a key up by bisection.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const noexcept;

  [[nodiscard]] size_t size() const noexcept {
    return size_;
  }

  /// @param index below `size()`; they are ordered by key.
  [[nodiscard]] item at(size_t index) const noexcept;

private:
  frozen_map(const std::byte* memory, size_t size) noexcept : memory_(memory), size_(size) {}

  const std::byte* memory_ = nullptr;
  size_t size_ = 0;
};

} // namespace bulkhead::shm
