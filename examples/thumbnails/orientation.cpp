#include "orientation.hpp"

#include <algorithm>
#include <utility>

namespace thumbnails {

namespace {

constexpr uint32_t orientation_tag = 0x0112;
constexpr uint32_t type_short = 3;
constexpr size_t entry_bytes = 12;

/// Numbers in either byte order; 0 outside the block.
class exif_block {
public:
  explicit exif_block(std::span<const std::byte> bytes) noexcept
    : bytes_(bytes), little_(!bytes.empty() && bytes[0] == std::byte{'I'}) {
    // nop
  }

  [[nodiscard]] uint32_t number(size_t at, size_t size) const noexcept {
    uint32_t result = 0;
    if (at > bytes_.size() || size > bytes_.size() - at)
      return 0;
    for (size_t i = 0; i < size; ++i)
      result = result << 8 | std::to_integer<uint32_t>(bytes_[at + (little_ ? size - 1 - i : i)]);
    return result;
  }

private:
  std::span<const std::byte> bytes_;
  bool little_;
};

} // namespace

orientation orientation_in(std::span<const std::byte> exif) noexcept {
  exif_block block{exif};
  auto directory = size_t{block.number(4, 4)};
  auto entries = block.number(2, 2) == 42 ? block.number(directory, 2) : 0;
  for (uint32_t i = 0; i < entries; ++i) {
    auto entry = directory + 2 + i * entry_bytes;
    if (block.number(entry, 2) != orientation_tag || block.number(entry + 2, 2) != type_short)
      continue;
    auto value = block.number(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<orientation>(value) : orientation::upright;
  }
  return orientation::upright;
}

picture turn_upright(picture stored, orientation how) {
  if (how == orientation::upright)
    return stored;
  auto swapped = swaps_sides(how);
  auto from_right = how == orientation::mirrored || how == orientation::upside_down || how == orientation::transversed
                    || how == orientation::turned_left;
  auto from_bottom = how == orientation::upside_down || how == orientation::flipped || how == orientation::turned_right
                     || how == orientation::transversed;
  picture result{swapped ? stored.height() : stored.width(), swapped ? stored.width() : stored.height()};
  for (uint32_t y = 0; y < result.height(); ++y)
    for (uint32_t x = 0; x < result.width(); ++x) {
      auto column = swapped ? y : x;
      auto row = swapped ? x : y;
      column = from_right ? stored.width() - 1 - column : column;
      row = from_bottom ? stored.height() - 1 - row : row;
      std::copy_n(stored.row(row) + size_t{column} * picture::channels, picture::channels,
                  result.row(y) + size_t{x} * picture::channels);
    }
  return result;
}

} // namespace thumbnails
