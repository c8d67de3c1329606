#include "decode.hpp"
#include "jpeg_guard.hpp"

#include <algorithm>
#include <optional>

namespace thumbnails {

namespace {

/// libjpeg scales by eighths while it decodes.
constexpr unsigned scale_denominator = 8;

// Printers' colours, stored inverted as all programs that write them do.
void cmyk_row_to_rgb(const uint8_t* from, uint8_t* to, uint32_t width) {
  for (uint32_t x = 0; x < width; ++x, from += 4, to += picture::channels)
    for (size_t i = 0; i < picture::channels; ++i)
      to[i] = static_cast<uint8_t>(from[i] * from[3] / 255);
}

class jpeg_decoder {
public:
  jpeg_decoder() {
    guard_.attach(codec_);
    created_ = guard_.run([this] { jpeg_create_decompress(&codec_); });
  }

  ~jpeg_decoder() {
    if (created_)
      jpeg_destroy_decompress(&codec_);
  }

  jpeg_decoder(const jpeg_decoder&) = delete;
  jpeg_decoder& operator=(const jpeg_decoder&) = delete;

  decoded<picture> decode(std::span<const std::byte> file, uint32_t width) {
    if (!created_ || !start(file, width))
      return guard_.failure();
    picture result{codec_.output_width, codec_.output_height};
    auto ok = codec_.out_color_space == JCS_CMYK ? read_cmyk(result) : read_rgb(result);
    if (!ok)
      return guard_.failure();
    if (guard_.ended_early())
      return decode_failure{picture_error::damaged, "the data ends before the picture does"};
    return result;
  }

private:
  // A progressive picture is taken in as a whole here, scan by scan, and nothing limits their number.
  bool start(std::span<const std::byte> file, uint32_t width) {
    return guard_.run([&] {
      jpeg_mem_src(&codec_, reinterpret_cast<const unsigned char*>(file.data()), file.size());
      jpeg_read_header(&codec_, TRUE);
      auto four_inks = codec_.jpeg_color_space == JCS_CMYK || codec_.jpeg_color_space == JCS_YCCK;
      codec_.out_color_space = four_inks ? JCS_CMYK : JCS_RGB;
      auto eighths = (uint64_t{width} * scale_denominator + codec_.image_width - 1) / codec_.image_width;
      codec_.scale_num = static_cast<unsigned>(std::clamp<uint64_t>(eighths, 1, scale_denominator));
      codec_.scale_denom = scale_denominator;
      jpeg_start_decompress(&codec_);
    });
  }

  bool read_rgb(picture& result) {
    return guard_.run([&] {
      while (codec_.output_scanline < codec_.output_height) {
        JSAMPROW row = result.row(codec_.output_scanline);
        jpeg_read_scanlines(&codec_, &row, 1);
      }
    });
  }

  bool read_cmyk(picture& result) {
    auto line = std::make_unique_for_overwrite<uint8_t[]>(size_t{codec_.output_width} * 4);
    return guard_.run([&] {
      while (codec_.output_scanline < codec_.output_height) {
        JSAMPROW row = line.get();
        auto y = codec_.output_scanline;
        jpeg_read_scanlines(&codec_, &row, 1);
        cmyk_row_to_rgb(line.get(), result.row(y), result.width());
      }
    });
  }

  jpeg_guard guard_;
  jpeg_decompress_struct codec_{};
  bool created_ = false;
};

} // namespace

decoded<picture> decode_jpeg(std::span<const std::byte> file, uint32_t width) {
  return jpeg_decoder{}.decode(file, width);
}

} // namespace thumbnails
