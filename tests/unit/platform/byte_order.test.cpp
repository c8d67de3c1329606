// Catches a number whose octets end up in the wrong place: at the seam between vectors and single numbers, at an address that
// is not aligned, or behind the end.
#include <catch2/catch.hpp>

#include "bulkhead/platform/byte_order.hpp"

#include <cstdint>
#include <random>
#include <vector>

using namespace bulkhead::platform;

namespace {

using copy_function = void (*)(std::byte*, const std::byte*, size_t) noexcept;

std::vector<std::byte> noise(size_t size) {
  std::minstd_rand random{static_cast<unsigned>(size) + 1};
  std::vector<std::byte> result(size);
  for (auto& x : result)
    x = static_cast<std::byte>(random() >> 8);
  return result;
}

// By arithmetic, so that it holds for either order of bytes.
template <class Word>
std::vector<std::byte> expected(const std::byte* from, size_t count) {
  std::vector<std::byte> result;
  for (size_t i = 0; i < count; ++i) {
    Word x;
    std::copy_n(from + i * sizeof(Word), sizeof(Word), reinterpret_cast<std::byte*>(&x));
    for (size_t shift = sizeof(Word); shift-- > 0;)
      result.push_back(static_cast<std::byte>(x >> (8 * shift)));
  }
  return result;
}

template <class Word>
bool copies_right(copy_function copy, size_t count, size_t misaligned) {
  constexpr auto untouched = std::byte{0xa5};
  auto from = noise(count * sizeof(Word) + 64);
  auto want = expected<Word>(from.data() + misaligned, count);
  std::vector<std::byte> to(want.size() + 64, untouched);
  copy(to.data() + 1, from.data() + misaligned, count);
  std::vector<std::byte> got(to.begin() + 1, to.begin() + 1 + static_cast<std::ptrdiff_t>(want.size()));
  // In place, and back.
  std::vector<std::byte> place(want);
  copy(place.data(), place.data(), count);
  return got == want && to.front() == untouched && to[want.size() + 1] == untouched
         && std::equal(place.begin(), place.end(), from.begin() + static_cast<std::ptrdiff_t>(misaligned));
}

template <class Word>
void check_all_counts(copy_function copy) {
  for (size_t count = 0; count < 70; ++count)
    for (size_t misaligned : {0, 1, 3, 7}) {
      CAPTURE(sizeof(Word), count, misaligned);
      CHECK(copies_right<Word>(copy, count, misaligned));
    }
  CHECK(copies_right<Word>(copy, 100'003, 5));
}

} // namespace

TEST_CASE("numbers of each size become big endian and come back whatever their count and alignment") {
  check_all_counts<uint16_t>(copy_big_endian_16);
  check_all_counts<uint32_t>(copy_big_endian_32);
  check_all_counts<uint64_t>(copy_big_endian_64);
}
