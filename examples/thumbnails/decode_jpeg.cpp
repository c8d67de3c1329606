#include "colour_profile.hpp"
#include "decode.hpp"
#include "jpeg_guard.hpp"
#include "orientation.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

namespace thumbnails {

namespace {

/// libjpeg scales by eighths while it decodes.
constexpr unsigned scale_denominator = 8;
constexpr unsigned side_scaled_min = 64;

constexpr std::string_view exif_signature{"Exif\0\0", 6};
constexpr int exif_marker = JPEG_APP0 + 1;
constexpr int profile_marker = JPEG_APP0 + 2;
constexpr unsigned marker_bytes_max = 0xFFFF;

// Printers' colours without a profile.
void cmyk_row_to_rgb(const uint8_t* from, uint8_t* to, uint32_t width, bool inverted) {
  auto light = [inverted](uint8_t ink) { return inverted ? ink : 255 - ink; };
  for (uint32_t x = 0; x < width; ++x, from += 4, to += picture::channels)
    for (size_t i = 0; i < picture::channels; ++i)
      to[i] = static_cast<uint8_t>(light(from[i]) * light(from[3]) / 255);
}

class jpeg_decoder {
public:
  jpeg_decoder() {
    guard_.attach(codec_);
    created_ = guard_.run([this] { jpeg_create_decompress(&codec_); });
  }

  ~jpeg_decoder() {
    std::free(profile_);
    if (created_)
      jpeg_destroy_decompress(&codec_);
  }

  jpeg_decoder(const jpeg_decoder&) = delete;
  jpeg_decoder& operator=(const jpeg_decoder&) = delete;

  decoded<picture> decode(std::span<const std::byte> file, uint32_t width) {
    if (!created_ || !start(file, width))
      return guard_.failure();
    picture result{codec_.output_width, codec_.output_height};
    auto four_inks = codec_.out_color_space == JCS_CMYK;
    // Adobe's programs store inks inverted, and say that they wrote the file.
    auto layout = !four_inks                ? pixel_layout::rgb
                  : codec_.saw_Adobe_marker ? pixel_layout::inverted_cmyk
                                            : pixel_layout::cmyk;
    colour_profile profile{std::as_bytes(std::span{profile_, profile_size_}), layout};
    auto ok = four_inks ? read_cmyk(result, profile) : read_rgb(result, profile);
    if (!ok)
      return guard_.failure();
    if (guard_.ended_early())
      return decode_failure{picture_error::damaged, "the data ends before the picture does"};
    return turn_upright(std::move(result), orientation_);
  }

private:
  // A progressive picture is taken in as a whole here, scan by scan, and nothing limits their number.
  bool start(std::span<const std::byte> file, uint32_t width) {
    return guard_.run([&] {
      jpeg_mem_src(&codec_, reinterpret_cast<const unsigned char*>(file.data()), file.size());
      jpeg_save_markers(&codec_, exif_marker, marker_bytes_max);
      jpeg_save_markers(&codec_, profile_marker, marker_bytes_max);
      jpeg_read_header(&codec_, TRUE);
      jpeg_read_icc_profile(&codec_, &profile_, &profile_size_);
      orientation_ = find_orientation();
      auto upright_width = swaps_sides(orientation_) ? codec_.image_height : codec_.image_width;
      auto four_inks = codec_.jpeg_color_space == JCS_CMYK || codec_.jpeg_color_space == JCS_YCCK;
      codec_.out_color_space = four_inks ? JCS_CMYK : JCS_RGB;
      auto eighths = (uint64_t{width} * scale_denominator + upright_width - 1) / upright_width;
      // Blocks are filled up to 8 pixels: in a narrow strip the filling would show.
      if (std::min(codec_.image_width, codec_.image_height) < side_scaled_min)
        eighths = scale_denominator;
      codec_.scale_num = static_cast<unsigned>(std::clamp<uint64_t>(eighths, 1, scale_denominator));
      codec_.scale_denom = scale_denominator;
      jpeg_start_decompress(&codec_);
    });
  }

  [[nodiscard]] orientation find_orientation() const noexcept {
    for (auto marker = codec_.marker_list; marker; marker = marker->next) {
      std::string_view content{reinterpret_cast<const char*>(marker->data), marker->data_length};
      if (marker->marker == exif_marker && content.starts_with(exif_signature))
        return orientation_in(std::as_bytes(std::span{content}).subspan(exif_signature.size()));
    }
    return orientation::upright;
  }

  bool read_rgb(picture& result, const colour_profile& profile) {
    return guard_.run([&] {
      while (codec_.output_scanline < codec_.output_height) {
        JSAMPROW row = result.row(codec_.output_scanline);
        jpeg_read_scanlines(&codec_, &row, 1);
        if (profile)
          profile.convert(row, row, result.width());
      }
    });
  }

  bool read_cmyk(picture& result, const colour_profile& profile) {
    auto line = std::make_unique_for_overwrite<uint8_t[]>(size_t{codec_.output_width} * 4);
    return guard_.run([&] {
      while (codec_.output_scanline < codec_.output_height) {
        JSAMPROW row = line.get();
        auto y = codec_.output_scanline;
        jpeg_read_scanlines(&codec_, &row, 1);
        if (profile)
          profile.convert(line.get(), result.row(y), result.width());
        else
          cmyk_row_to_rgb(line.get(), result.row(y), result.width(), codec_.saw_Adobe_marker);
      }
    });
  }

  jpeg_guard guard_;
  jpeg_decompress_struct codec_{};
  JOCTET* profile_ = nullptr;
  unsigned profile_size_ = 0;
  orientation orientation_ = orientation::upright;
  bool created_ = false;
};

} // namespace

decoded<picture> decode_jpeg(std::span<const std::byte> file, uint32_t width) {
  return jpeg_decoder{}.decode(file, width);
}

} // namespace thumbnails
