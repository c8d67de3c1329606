#pragma once

#include "picture.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace thumbnails {

/// How a camera was held: where the first row and column of the stored pixels belong. The numbers are Exif's.
enum class orientation : uint8_t {
  upright = 1,
  mirrored,
  upside_down,
  flipped,
  transposed,
  turned_right,
  transversed,
  turned_left,
};

/// Whether rows of the stored pixels are columns of the picture.
[[nodiscard]] constexpr bool swaps_sides(orientation how) noexcept {
  return how >= orientation::transposed;
}

/// Reads the tag from a block of Exif that begins with the byte order. What is damaged or absent counts as upright.
[[nodiscard]] orientation orientation_in(std::span<const std::byte> exif) noexcept;

/// The picture as it is meant to be seen.
[[nodiscard]] picture turn_upright(picture stored, orientation how);

} // namespace thumbnails
