#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace thumbnails {

/// Uncompressed pixels: three bytes each (red, green, blue), rows from top to bottom without gaps.
class picture {
public:
  static constexpr size_t channels = 3;

  /// All pixels are undefined. In a worker this is what meets the memory limit: the runtime then ends the process and the
  /// host learns that it ran out of memory.
  picture(uint32_t width, uint32_t height)
    : width_(width), height_(height), pixels_(std::make_unique_for_overwrite<uint8_t[]>(stride() * height)) {
    // nop
  }

  /// Takes over pixels, of which there may be room for more.
  picture(uint32_t width, uint32_t height, std::unique_ptr<uint8_t[]> pixels)
    : width_(width), height_(height), pixels_(std::move(pixels)) {
    // nop
  }

  [[nodiscard]] uint32_t width() const noexcept {
    return width_;
  }
  [[nodiscard]] uint32_t height() const noexcept {
    return height_;
  }
  [[nodiscard]] size_t stride() const noexcept {
    return size_t{width_} * channels;
  }
  [[nodiscard]] uint8_t* row(uint32_t y) noexcept {
    return pixels_.get() + stride() * y;
  }
  [[nodiscard]] const uint8_t* row(uint32_t y) const noexcept {
    return pixels_.get() + stride() * y;
  }

private:
  uint32_t width_;
  uint32_t height_;
  std::unique_ptr<uint8_t[]> pixels_;
};

/// Neither side of a picture may be longer, in pixels: what a JPEG can have.
constexpr uint32_t side_max = 65'535;

} // namespace thumbnails
