#include "samples.hpp"

#include <vector>

#include <png.h>

namespace thumbnails::samples {

namespace {

struct png_format {
  int colour;
  int depth;
  unsigned channels;
};

png_format format_of(png_kind kind) {
  switch (kind) {
  case png_kind::gray1:
    return {PNG_COLOR_TYPE_GRAY, 1, 1};
  case png_kind::gray8:
    return {PNG_COLOR_TYPE_GRAY, 8, 1};
  case png_kind::gray_alpha16:
    return {PNG_COLOR_TYPE_GRAY_ALPHA, 16, 2};
  case png_kind::palette:
    return {PNG_COLOR_TYPE_PALETTE, 8, 1};
  case png_kind::rgb16_interlaced:
    return {PNG_COLOR_TYPE_RGB, 16, 3};
  case png_kind::rgba:
    return {PNG_COLOR_TYPE_RGB_ALPHA, 8, 4};
  case png_kind::rgb:
    break;
  }
  return {PNG_COLOR_TYPE_RGB, 8, 3};
}

void append(png_structp png, png_bytep data, size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(data), size);
}

} // namespace

// The library's own error handling is enough here: it prints a message and ends the program.
std::string make_png(png_kind kind, uint32_t width, uint32_t height, std::string_view comment) {
  std::string result;
  std::string text{comment};
  auto format = format_of(kind);
  auto png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  auto info = png_create_info_struct(png);
  png_set_write_fn(png, &result, &append, nullptr);
  png_set_compression_level(png, 3);
  auto interlaced = kind == png_kind::rgb16_interlaced;
  png_set_IHDR(png, info, width, height, format.depth, format.colour,
               interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  std::vector<png_color> palette(256);
  for (size_t i = 0; i < palette.size(); ++i)
    palette[i] = {static_cast<png_byte>(i), static_cast<png_byte>(255 - i), 128};
  if (kind == png_kind::palette)
    png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  png_text note{};
  char keyword[] = "Comment";
  note.compression = PNG_TEXT_COMPRESSION_NONE;
  note.key = keyword;
  note.text = text.data();
  if (!text.empty())
    png_set_text(png, info, &note, 1);
  png_write_info(png, info);
  std::vector<uint8_t> row((size_t{width} * format.channels * static_cast<unsigned>(format.depth) + 7) / 8);
  for (auto passes = png_set_interlace_handling(png); passes > 0; --passes)
    for (uint32_t y = 0; y < height; ++y) {
      // Only small pictures get a pattern: the huge ones are there to be small files.
      if (width <= 4'096)
        for (size_t i = 0; i < row.size(); ++i)
          row[i] = static_cast<uint8_t>(i * 255 / row.size() + y);
      png_write_row(png, row.data());
    }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return result;
}

} // namespace thumbnails::samples
