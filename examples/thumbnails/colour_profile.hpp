#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace thumbnails {

/// How the numbers of a pixel are stored.
enum class pixel_layout : uint8_t { rgb, rgba, cmyk, inverted_cmyk };

/// Converts rows of pixels from the colours of an embedded ICC profile to sRGB, which programs assume of a file without a profile.
///
/// Thread safety: none.
class colour_profile {
public:
  /// @param icc the profile. One that is empty, damaged, or of other colours than the pixels is as none, as in other programs.
  colour_profile(std::span<const std::byte> icc, pixel_layout pixels);
  ~colour_profile();

  colour_profile(const colour_profile&) = delete;
  colour_profile& operator=(const colour_profile&) = delete;

  /// Whether there is something to convert.
  explicit operator bool() const noexcept {
    return transform_ != nullptr;
  }

  /// @param to three bytes for each pixel, or four with `pixel_layout::rgba`; may be the same as `from` if as large.
  void convert(const uint8_t* from, uint8_t* to, uint32_t pixels) const;

private:
  void* transform_ = nullptr;
  /// Pixels have three equal colours, and the profile knows one.
  size_t gray_step_ = 0;
};

} // namespace thumbnails
