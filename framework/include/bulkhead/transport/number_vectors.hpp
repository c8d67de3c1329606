#pragma once

#include <caf/byte.hpp>
#include <caf/fwd.hpp>
#include <caf/type_id.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

namespace bulkhead::transport {

/// What CAF makes of a number in a message.
enum class number_format : uint8_t {
  octet,
  integer_16,
  integer_32,
  integer_64,
  binary_32,
  binary_64,
};

/// How many octets a number has in a message, and in memory.
constexpr size_t size_of(number_format format) noexcept {
  switch (format) {
  case number_format::octet:
    return 1;
  case number_format::integer_16:
    return 2;
  case number_format::integer_32:
  case number_format::binary_32:
    return 4;
  default:
    return 8;
  }
}

/// What CAF writes as one number of fixed size. It packs the elements of a std::vector<bool>, and makes text of a long double.
template <class T>
concept fixed_size_number = std::is_same_v<T, std::byte> || std::is_same_v<T, caf::byte> ||(
                              std::is_integral_v<T> && !std::is_same_v<T, bool> && sizeof(T) <= 8)
                            || std::is_same_v<T, float> || std::is_same_v<T, double>;

template <fixed_size_number T>
constexpr number_format format_of() noexcept {
  if constexpr (std::is_same_v<T, float>)
    return number_format::binary_32;
  else if constexpr (std::is_same_v<T, double>)
    return number_format::binary_64;
  else if constexpr (sizeof(T) == 1)
    return number_format::octet;
  else if constexpr (sizeof(T) == 2)
    return number_format::integer_16;
  else if constexpr (sizeof(T) == 4)
    return number_format::integer_32;
  else
    return number_format::integer_64;
}

/// Writes a sequence of numbers as CAF's `binary_serializer` does: their count, 7 bits to an octet, then each in big endian.
/// Except for numbers whose magnitude is below the smallest normal one: CAF 0.18.7 writes wrong numbers for them, here they
/// stay what they are.
/// @returns false if there are more than CAF's format can count, with the error in `sink`.
bool save_numbers(caf::binary_serializer& sink, const void* first, size_t count, number_format format);

/// Reads the count of a sequence.
/// @returns nothing if the input ends before so many numbers, with the error in `source`: memory may be taken for them.
std::optional<size_t> load_count(caf::binary_deserializer& source, number_format format);

/// Reads numbers that are certain to be there.
void load_numbers(caf::binary_deserializer& source, void* to, size_t count, number_format format);

/// The same for octets, in the input itself.
std::span<const std::byte> load_octets(caf::binary_deserializer& source, size_t count);

/// Whether `id` is a vector of numbers: nothing else than numbers stands in it. Says no for some that are, if the dynamic
/// linker cannot tell that two programs' instances of a template are the same.
bool is_number_vector(caf::type_id_t id);

} // namespace bulkhead::transport

// Found by argument-dependent lookup for CAF's binary formats only, so every other inspector treats a vector as before.
namespace caf {

/// Writes a vector of numbers in blocks instead of one by one. The bytes are the same.
template <bulkhead::transport::fixed_size_number T, class Allocator>
bool inspect(binary_serializer& f, std::vector<T, Allocator>& xs) {
  return bulkhead::transport::save_numbers(f, xs.data(), xs.size(), bulkhead::transport::format_of<T>());
}

/// The reverse. A size that the input cannot hold is refused before memory is taken for it.
template <bulkhead::transport::fixed_size_number T, class Allocator>
bool inspect(binary_deserializer& f, std::vector<T, Allocator>& xs) {
  constexpr auto format = bulkhead::transport::format_of<T>();
  xs.clear();
  auto count = bulkhead::transport::load_count(f, format);
  if (!count)
    return false;
  if constexpr (sizeof(T) == 1) {
    auto octets = bulkhead::transport::load_octets(f, *count);
    auto first = reinterpret_cast<const T*>(octets.data());
    xs.assign(first, first + octets.size());
  } else {
    // By way of a block that stays in the cache: to resize the vector would write all of it twice.
    std::array<T, 4096 / sizeof(T)> block;
    xs.reserve(*count);
    for (auto left = *count; left > 0;) {
      auto n = std::min(left, block.size());
      bulkhead::transport::load_numbers(f, block.data(), n, format);
      xs.insert(xs.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(n));
      left -= n;
    }
  }
  return true;
}

} // namespace caf
