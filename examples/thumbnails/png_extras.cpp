#include "png_extras.hpp"

#include <csetjmp>
#include <cstring>

#include <png.h>

namespace thumbnails {

namespace {

void read_next(png_structp png, png_bytep to, size_t size) {
  auto& rest = *static_cast<std::span<const std::byte>*>(png_get_io_ptr(png));
  if (size > rest.size())
    png_error(png, "the file ends early");
  std::memcpy(to, rest.data(), size);
  rest = rest.subspan(size);
}

void ignore(png_structp, png_const_charp) {
  // nop
}

// Owns nothing: an error of the library leaves it in the middle.
void read_info(png_structp png, png_infop info, png_extras& result) {
  if (setjmp(png_jmpbuf(png)) != 0)
    return;
  png_read_info(png, info);
  png_charp name = nullptr;
  png_bytep bytes = nullptr;
  png_uint_32 size = 0;
  int method = 0;
  if (png_get_iCCP(png, info, &name, &method, &bytes, &size) != 0)
    result.profile.assign(reinterpret_cast<std::byte*>(bytes), reinterpret_cast<std::byte*>(bytes) + size);
  if (png_get_eXIf_1(png, info, &size, &bytes) != 0)
    result.exif.assign(reinterpret_cast<std::byte*>(bytes), reinterpret_cast<std::byte*>(bytes) + size);
}

} // namespace

png_extras png_extras_of(std::span<const std::byte> file) {
  png_extras result;
  auto png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, &ignore);
  auto info = png ? png_create_info_struct(png) : nullptr;
  if (info) {
    png_set_read_fn(png, &file, &read_next);
    read_info(png, info, result);
  }
  png_destroy_read_struct(&png, &info, nullptr);
  return result;
}

} // namespace thumbnails
