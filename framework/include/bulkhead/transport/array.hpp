#pragma once

#include "bulkhead/transport/bytes.hpp"

#include <caf/sec.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace bulkhead {

/// What an `array` may hold: its bytes alone say what it is.
template <class T>
concept plain_value = std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T> && !std::is_pointer_v<
                        T> && alignof(T) <= transport::payload_alignment;

/// An immutable array of plain values for messages: samples, vertices, a tensor. Travels as `bytes` does, so a large one is
/// neither serialized nor copied on its way to another process.
///
/// Each `array<T>` that is part of a message needs a type id, as any type does; those of float, double and the integers of
/// 8, 32 and 64 bits have one. To another machine the values go as they are: both must agree on what they look like.
///
/// Thread safety and lifetime: as `bytes`.
template <class T>
class array {
  static_assert(plain_value<T>,
                "an array holds plain values only: numbers, or structs of them without pointers, strings or vectors");

public:
  using value_type = T;

  array() noexcept = default;

  /// Copies `values`.
  /// @param values any.
  static array copy_of(std::span<const T> values) {
    return array{bulkhead::bytes::copy_of(std::as_bytes(values))};
  }

  /// Reads `content` as values; copies it only if it is not aligned for them.
  /// @param content shared, unless it is copied.
  /// @returns nothing if its size is no multiple of the size of a value.
  static std::optional<array> from(const bulkhead::bytes& content) {
    if (content.size() % sizeof(T) != 0)
      return std::nullopt;
    auto aligned = reinterpret_cast<uintptr_t>(content.data()) % alignof(T) == 0;
    return array{aligned ? content : bulkhead::bytes::copy_of(content.span())};
  }

  /// All values.
  [[nodiscard]] std::span<const T> span() const noexcept {
    return {data(), size()};
  }
  /// All values.
  operator std::span<const T>() const noexcept { // NOLINT: reads as the values that it holds
    return span();
  }
  /// The first value, if there is one.
  [[nodiscard]] const T* data() const noexcept {
    return reinterpret_cast<const T*>(content_.data());
  }

  /// Number of values.
  [[nodiscard]] size_t size() const noexcept {
    return content_.size() / sizeof(T);
  }
  /// Whether there are no values.
  [[nodiscard]] bool empty() const noexcept {
    return content_.empty();
  }

  /// @param index below `size()`.
  [[nodiscard]] const T& operator[](size_t index) const noexcept {
    return data()[index];
  }
  /// The first value.
  [[nodiscard]] const T* begin() const noexcept {
    return data();
  }
  /// Behind the last value.
  [[nodiscard]] const T* end() const noexcept {
    return data() + size();
  }

  /// The memory of the values.
  [[nodiscard]] const bulkhead::bytes& bytes() const noexcept {
    return content_;
  }

  /// Equal if the bytes are.
  friend bool operator==(const array&, const array&) noexcept = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, array& x) {
    if (!f.apply(x.content_))
      return false;
    if constexpr (Inspector::is_loading) {
      auto checked = from(x.content_);
      if (!checked) {
        f.emplace_error(caf::sec::conversion_failed, "the bytes are no whole number of values");
        return false;
      }
      x = std::move(*checked);
    }
    return true;
  }

private:
  explicit array(bulkhead::bytes content) noexcept : content_(std::move(content)) {
    // nop
  }

  bulkhead::bytes content_;
};

} // namespace bulkhead
