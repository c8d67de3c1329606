#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace thumbnails {

/// What a PNG says about its pixels, and libpng's simplified interface does not pass on.
struct png_extras {
  /// An ICC profile; empty if there is none.
  std::vector<std::byte> profile;

  /// A block of Exif; empty if there is none.
  std::vector<std::byte> exif;
};

/// Reads what stands before the pixels. A file that the library cannot read has no extras.
[[nodiscard]] png_extras png_extras_of(std::span<const std::byte> file);

} // namespace thumbnails
