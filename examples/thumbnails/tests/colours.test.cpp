// Catches pictures that lie on their side, and colours other than those that viewers show. Values are computed from the definitions of
// Exif, sRGB and the blending of nonlinear colours.
#include <catch2/catch.hpp>

#include "decode.hpp"
#include "orientation.hpp"
#include "samples.hpp"

#include <cmath>
#include <cstdlib>
#include <vector>

#include <cstdio>
#include <jpeglib.h>
#include <lcms2.h>
#include <png.h>

using namespace thumbnails;

namespace {

std::span<const std::byte> as_file(const std::string& text) {
  return std::as_bytes(std::span{text});
}

std::string exif_of(int value) {
  std::string result{"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0", 26};
  result[19] = static_cast<char>(value);
  return result;
}

// Right after the start of the image.
std::string with_segment(const std::string& jpeg, char marker, const std::string& content) {
  auto size = content.size() + 2;
  return jpeg.substr(0, 2) + '\xFF' + marker + static_cast<char>(size >> 8) + static_cast<char>(size & 0xFF) + content
         + jpeg.substr(2);
}

std::string linear_profile(bool gray) {
  auto linear = cmsBuildGamma(nullptr, 1);
  cmsToneCurve* curves[] = {linear, linear, linear};
  cmsCIExyY white{0.3127, 0.3290, 1};
  cmsCIExyYTRIPLE primaries{{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}};
  auto profile = gray ? cmsCreateGrayProfile(&white, linear) : cmsCreateRGBProfile(&white, &primaries, curves);
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(profile, nullptr, &size);
  std::string result(size, '\0');
  cmsSaveProfileToMem(profile, result.data(), &size);
  cmsCloseProfile(profile);
  cmsFreeToneCurve(linear);
  return result;
}

std::string as_icc_segment(const std::string& profile) {
  return std::string{"ICC_PROFILE\0\x01\x01", 14} + profile;
}

// All pixels alike.
std::string plain_jpeg(const std::vector<uint8_t>& pixel) {
  jpeg_compress_struct codec{};
  jpeg_error_mgr errors{};
  unsigned char* output = nullptr;
  unsigned long size = 0;
  codec.err = jpeg_std_error(&errors);
  jpeg_create_compress(&codec);
  jpeg_mem_dest(&codec, &output, &size);
  codec.image_width = codec.image_height = 16;
  codec.input_components = static_cast<int>(pixel.size());
  codec.in_color_space = pixel.size() == 4 ? JCS_CMYK : pixel.size() == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&codec);
  jpeg_set_quality(&codec, 100, TRUE);
  jpeg_start_compress(&codec, TRUE);
  std::vector<uint8_t> row;
  for (int x = 0; x < 16; ++x)
    row.insert(row.end(), pixel.begin(), pixel.end());
  for (int y = 0; y < 16; ++y) {
    auto pointer = row.data();
    jpeg_write_scanlines(&codec, &pointer, 1);
  }
  jpeg_finish_compress(&codec);
  std::string result{reinterpret_cast<char*>(output), size};
  jpeg_destroy_compress(&codec);
  std::free(output);
  return result;
}

std::string without_adobe_segment(std::string jpeg) {
  auto at = jpeg.find("\xFF\xEE");
  jpeg.erase(at, 2 + static_cast<unsigned char>(jpeg[at + 3]));
  return jpeg;
}

void append_to(png_structp png, png_bytep data, size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(data), size);
}

// Of one row. Its pixels as they are stored.
std::string small_png(int colour, int depth, uint32_t width, std::vector<uint8_t> row, std::string profile = {},
                      std::string exif = {}) {
  std::string result;
  auto png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  auto info = png_create_info_struct(png);
  png_set_write_fn(png, &result, &append_to, nullptr);
  png_set_IHDR(png, info, width, 1, depth, colour, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (!profile.empty())
    png_set_iCCP(png, info, "p", PNG_COMPRESSION_TYPE_BASE, reinterpret_cast<png_const_bytep>(profile.data()),
                 static_cast<png_uint_32>(profile.size()));
  if (!exif.empty())
    png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()), reinterpret_cast<png_bytep>(exif.data()));
  png_write_info(png, info);
  png_write_row(png, row.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return result;
}

void expect_near(const decoded<picture>& what, int red, int green, int blue) {
  REQUIRE(what.has_value());
  auto pixel = what->row(0);
  CAPTURE(int{pixel[0]}, int{pixel[1]}, int{pixel[2]});
  CHECK(std::abs(pixel[0] - red) <= 3);
  CHECK(std::abs(pixel[1] - green) <= 3);
  CHECK(std::abs(pixel[2] - blue) <= 3);
}

} // namespace

TEST_CASE("a picture is turned as the camera was held") {
  // Two columns, three rows: the first pixel is 0, the last one is 5.
  const std::vector<std::vector<int>> upright{{0, 1, 2, 3, 4, 5}, {1, 0, 3, 2, 5, 4}, {5, 4, 3, 2, 1, 0},
                                              {4, 5, 2, 3, 0, 1}, {0, 2, 4, 1, 3, 5}, {4, 2, 0, 5, 3, 1},
                                              {5, 3, 1, 4, 2, 0}, {1, 3, 5, 0, 2, 4}};
  for (int how = 1; how <= 8; ++how) {
    CAPTURE(how);
    picture stored{2, 3};
    for (uint32_t i = 0; i < 6; ++i)
      stored.row(i / 2)[i % 2 * picture::channels] = static_cast<uint8_t>(i);
    auto turned = turn_upright(std::move(stored), static_cast<orientation>(how));
    REQUIRE(turned.width() == (how > 4 ? 3 : 2));
    std::vector<int> seen;
    for (uint32_t i = 0; i < 6; ++i)
      seen.push_back(turned.row(i / turned.width())[i % turned.width() * picture::channels]);
    CHECK(seen == upright[static_cast<size_t>(how - 1)]);
  }
}

TEST_CASE("the orientation stands in a JPEG's or a PNG's Exif, in either order of bytes") {
  auto jpeg = with_segment(samples::make_jpeg(40, 20), '\xE1', std::string{"Exif\0\0", 6} + exif_of(6));
  auto turned = decode_jpeg(as_file(jpeg), 4'000);
  REQUIRE(turned.has_value());
  CHECK(turned->width() == 20);
  CHECK(turned->height() == 40);
  auto png = decode_png(as_file(small_png(PNG_COLOR_TYPE_GRAY, 8, 3, {0, 0, 0}, {}, exif_of(8))));
  REQUIRE(png.has_value());
  CHECK(png->height() == 3);
  std::string little{"II\x2A\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x05\0\0\0\0\0\0\0", 26};
  CHECK(orientation_in(as_file(little)) == orientation::transposed);
  for (size_t size = 0; size < little.size(); ++size)
    (void) orientation_in(as_file(little).first(size)); // AddressSanitizer sees a read behind the end
  CHECK(orientation_in(as_file(exif_of(9))) == orientation::upright);
}

TEST_CASE("a JPEG that lies on its side is decoded no narrower than its thumbnail") {
  auto jpeg = with_segment(samples::make_jpeg(1'000, 200), '\xE1', std::string{"Exif\0\0", 6} + exif_of(6));
  auto turned = decode_jpeg(as_file(jpeg), 160);
  REQUIRE(turned.has_value());
  CHECK(turned->width() >= 160);
}

TEST_CASE("inks of a JPEG are inverted if Adobe's marker says who wrote it, and plain otherwise") {
  auto file = plain_jpeg({255, 0, 0, 255});
  expect_near(decode_jpeg(as_file(file), 16), 255, 0, 0);
  expect_near(decode_jpeg(as_file(without_adobe_segment(plain_jpeg({0, 255, 255, 0}))), 16), 255, 0, 0);
}

TEST_CASE("an embedded profile is converted to sRGB") {
  auto half = static_cast<int>(std::lround(255 * (1.055 * std::pow(128 / 255.0, 1 / 2.4) - 0.055)));
  auto rgb = as_icc_segment(linear_profile(false));
  auto gray = as_icc_segment(linear_profile(true));
  expect_near(decode_jpeg(as_file(with_segment(plain_jpeg({128, 128, 128}), '\xE2', rgb)), 16), half, half, half);
  expect_near(decode_jpeg(as_file(with_segment(plain_jpeg({128}), '\xE2', gray)), 16), half, half, half);
  expect_near(decode_png(as_file(small_png(PNG_COLOR_TYPE_RGB, 8, 1, {128, 255, 0}, linear_profile(false)))), half, 255,
              0);
  expect_near(decode_png(as_file(small_png(PNG_COLOR_TYPE_GRAY, 8, 1, {128}, linear_profile(true)))), half, half, half);
}

TEST_CASE("a profile that is damaged or of other colours is as none") {
  auto gray = as_icc_segment(linear_profile(true));
  expect_near(decode_jpeg(as_file(with_segment(plain_jpeg({128, 128, 128}), '\xE2', as_icc_segment("junk"))), 16), 128,
              128, 128);
  expect_near(decode_jpeg(as_file(with_segment(plain_jpeg({255, 0, 0, 255}), '\xE2', gray)), 16), 255, 0, 0);
}

TEST_CASE("16 bits of a PNG mean what 8 bits mean") {
  expect_near(decode_png(as_file(small_png(PNG_COLOR_TYPE_RGB, 16, 1, {128, 0, 200, 0, 10, 0}))), 128, 200, 10);
}

TEST_CASE("half-transparent pixels are blended with white as other programs do") {
  expect_near(decode_png(as_file(small_png(PNG_COLOR_TYPE_RGB_ALPHA, 8, 1, {0, 0, 255, 128}))), 127, 127, 255);
}

TEST_CASE("a strip of a few rows keeps its mean colour") {
  auto strip = decode_jpeg(as_file(samples::make_jpeg(4'000, 3)), 100);
  REQUIRE(strip.has_value());
  double green = 0;
  for (uint32_t y = 0; y < strip->height(); ++y)
    green += strip->row(y)[1];
  CHECK(std::abs(green / strip->height() - 85) <= 10); // of 0, 85 and 170
}
