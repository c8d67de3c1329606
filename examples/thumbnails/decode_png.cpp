#include "colour_profile.hpp"
#include "decode.hpp"
#include "orientation.hpp"
#include "png_extras.hpp"

#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include <png.h>

namespace thumbnails {

namespace {

// In the place of the pixels, which need no alpha then. Not in linear light: other programs do it so.
void put_on_white(uint8_t* pixels, size_t count) {
  auto to = pixels;
  for (auto from = pixels; count > 0; --count, from += 4, to += picture::channels) {
    auto alpha = unsigned{from[3]};
    for (size_t i = 0; i < picture::channels; ++i)
      to[i] = static_cast<uint8_t>((from[i] * alpha + 255 * (255 - alpha) + 127) / 255);
  }
}

/// libpng's simplified interface: it unfolds palettes, gray, 16 bits and interlacing by itself, and returns its errors.
class png_decoder {
public:
  png_decoder() {
    image_.version = PNG_IMAGE_VERSION;
  }

  ~png_decoder() {
    png_image_free(&image_);
  }

  png_decoder(const png_decoder&) = delete;
  png_decoder& operator=(const png_decoder&) = delete;

  decoded<picture> decode(std::span<const std::byte> file) {
    if (png_image_begin_read_from_memory(&image_, file.data(), file.size()) == 0)
      return failure();
    if (image_.width > side_max || image_.height > side_max)
      return decode_failure{picture_error::too_large,
                            std::to_string(image_.width) + "x" + std::to_string(image_.height) + " pixels"};
    // Without a word on gamma, 16 bits mean what 8 bits mean, as in all programs but this library's default.
    image_.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    image_.format = PNG_FORMAT_RGBA;
    auto pixels = std::make_unique_for_overwrite<uint8_t[]>(size_t{4} * image_.width * image_.height);
    // A negative stride would mean upside down; 0 stands for rows without gaps.
    if (png_image_finish_read(&image_, nullptr, pixels.get(), 0, nullptr) == 0)
      return failure();
    auto extras = png_extras_of(file);
    colour_profile profile{extras.profile, pixel_layout::rgba};
    for (uint32_t y = 0; profile && y < image_.height; ++y) {
      auto row = pixels.get() + size_t{4} * image_.width * y;
      profile.convert(row, row, image_.width);
    }
    put_on_white(pixels.get(), size_t{image_.width} * image_.height);
    return turn_upright({image_.width, image_.height, std::move(pixels)}, orientation_in(extras.exif));
  }

private:
  decode_failure failure() const {
    auto text = std::string_view{image_.message, ::strnlen(image_.message, sizeof(image_.message))};
    auto no_memory = text.find("memory") != std::string_view::npos;
    return {no_memory ? picture_error::out_of_memory : picture_error::damaged, std::string{text}};
  }

  png_image image_{};
};

} // namespace

decoded<picture> decode_png(std::span<const std::byte> file) {
  return png_decoder{}.decode(file);
}

} // namespace thumbnails
