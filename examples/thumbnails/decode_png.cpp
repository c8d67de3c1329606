#include "decode.hpp"

#include <cstring>
#include <string_view>

#include <png.h>

namespace thumbnails {

namespace {

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
    image_.format = PNG_FORMAT_RGB;
    picture result{image_.width, image_.height};
    png_color white{255, 255, 255};
    // A negative stride would mean upside down; 0 stands for rows without gaps.
    if (png_image_finish_read(&image_, &white, result.row(0), 0, nullptr) == 0)
      return failure();
    return result;
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
