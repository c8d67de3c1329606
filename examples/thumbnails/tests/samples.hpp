#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thumbnails::samples {

/// A picture that every program can show: two colours that flow into each other.
/// @param comment put into the file, where a viewer ignores it.
std::string make_jpeg(uint32_t width, uint32_t height, std::string_view comment = {});

/// A progressive JPEG whose last scan is repeated: each repetition costs a few bytes in the file, and a pass over all of
/// the picture when it is decoded.
std::string make_jpeg_of_scans(uint32_t side, uint32_t scans);

enum class png_kind : uint8_t { gray1, gray8, gray_alpha16, palette, rgb, rgb16_interlaced, rgba };

constexpr png_kind all_png_kinds[] = {png_kind::gray1, png_kind::gray8, png_kind::gray_alpha16,    png_kind::palette,
                                      png_kind::rgb,   png_kind::rgba,  png_kind::rgb16_interlaced};

/// @param comment put into a text chunk.
std::string make_png(png_kind kind, uint32_t width, uint32_t height, std::string_view comment = {});

/// A file that a program should not trust.
struct hostile_file {
  std::string name;
  std::string content;

  /// Name of the `picture_error` that it deserves.
  std::string reason;
};

std::vector<hostile_file> hostile_files();

} // namespace thumbnails::samples
