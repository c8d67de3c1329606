#include "bulkhead/platform/byte_order.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

namespace bulkhead::platform {

namespace {

using copy_function = void (*)(std::byte*, const std::byte*, size_t) noexcept;

inline uint16_t reversed(uint16_t x) noexcept {
  return __builtin_bswap16(x);
}

inline uint32_t reversed(uint32_t x) noexcept {
  return __builtin_bswap32(x);
}

inline uint64_t reversed(uint64_t x) noexcept {
  return __builtin_bswap64(x);
}

template <class Word>
void copy_words(std::byte* to, const std::byte* from, size_t count) noexcept {
  if constexpr (std::endian::native == std::endian::big) {
    std::memmove(to, from, count * sizeof(Word));
  } else {
    for (; count > 0; --count, to += sizeof(Word), from += sizeof(Word)) {
      Word x;
      std::memcpy(&x, from, sizeof(x));
      x = reversed(x);
      std::memcpy(to, &x, sizeof(x));
    }
  }
}

#if defined(__x86_64__)
using vector = uint8_t __attribute__((vector_size(32)));

// Compilers make no shuffles of the loop above: for all they know, `to` is a little behind `from`.
template <class Word, size_t... Is>
[[gnu::target("avx2")]] void copy_vectors(std::byte* to, const std::byte* from, size_t count,
                                          std::index_sequence<Is...>) noexcept {
  constexpr auto words = sizeof(vector) / sizeof(Word);
  for (; count >= words; count -= words, to += sizeof(vector), from += sizeof(vector)) {
    vector x;
    std::memcpy(&x, from, sizeof(x));
    x = __builtin_shufflevector(x, x, (Is ^ (sizeof(Word) - 1))...);
    std::memcpy(to, &x, sizeof(x));
  }
  copy_words<Word>(to, from, count);
}

template <class Word>
void copy_with_avx2(std::byte* to, const std::byte* from, size_t count) noexcept {
  copy_vectors<Word>(to, from, count, std::make_index_sequence<sizeof(vector)>{});
}

// Not by `ifunc`: its resolvers run before a sanitizer is ready for them.
template <class Word>
copy_function best_copy() noexcept {
  return __builtin_cpu_supports("avx2") ? copy_with_avx2<Word> : copy_words<Word>;
}
#else
template <class Word>
copy_function best_copy() noexcept {
  return copy_words<Word>;
}
#endif

template <class Word>
void copy(std::byte* to, const std::byte* from, size_t count) noexcept {
  static const auto best = best_copy<Word>();
  best(to, from, count);
}

} // namespace

void copy_big_endian_16(std::byte* to, const std::byte* from, size_t count) noexcept {
  copy<uint16_t>(to, from, count);
}

void copy_big_endian_32(std::byte* to, const std::byte* from, size_t count) noexcept {
  copy<uint32_t>(to, from, count);
}

void copy_big_endian_64(std::byte* to, const std::byte* from, size_t count) noexcept {
  copy<uint64_t>(to, from, count);
}

} // namespace bulkhead::platform
