// Catches pictures that come out with the wrong size or colours, and damage that goes unnoticed.
#include <catch2/catch.hpp>

#include "decode.hpp"
#include "samples.hpp"
#include "scale.hpp"

#include <algorithm>

namespace samples = thumbnails::samples;
using namespace thumbnails;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span{text});
}

} // namespace

TEST_CASE("a JPEG is decoded no larger than the thumbnail needs, and no narrower") {
  auto file = samples::make_jpeg(1'000, 500);
  for (auto width : {1U, 100U, 124U, 125U, 126U, 600U, 1'000U, 5'000U}) {
    auto decoded = decode_jpeg(bytes_of(file), width);
    REQUIRE(decoded.has_value());
    CHECK(decoded->width() >= std::min(width, 1'000U));
    CHECK(decoded->width() < std::min(width, 1'000U) + 126);
  }
}

TEST_CASE("a PNG of any kind is decoded in full size") {
  for (auto kind : samples::all_png_kinds) {
    auto file = samples::make_png(kind, 33, 21);
    CAPTURE(static_cast<int>(kind));
    REQUIRE(kind_of(bytes_of(file)) == picture_kind::png);
    auto decoded = decode_png(bytes_of(file));
    REQUIRE(decoded.has_value());
    CHECK(decoded->width() == 33);
    CHECK(decoded->height() == 21);
  }
}

TEST_CASE("a JPEG or PNG that is cut off anywhere is not taken for a whole one") {
  auto jpeg = samples::make_jpeg(80, 60);
  for (size_t size = 3; size + 2 < jpeg.size(); size += 7) {
    auto decoded = decode_jpeg(bytes_of(jpeg.substr(0, size)), 80);
    CAPTURE(size);
    CHECK_FALSE(decoded.has_value());
  }
  auto png = samples::make_png(samples::png_kind::rgb, 80, 60);
  for (size_t size = 8; size + 16 < png.size(); size += 7) {
    auto decoded = decode_png(bytes_of(png.substr(0, size)));
    CAPTURE(size);
    CHECK_FALSE(decoded.has_value());
  }
}

TEST_CASE("scaling keeps proportions and never enlarges") {
  auto small = scale_to_width(picture{300, 100}, 30);
  CHECK(small.width() == 30);
  CHECK(small.height() == 10);
  CHECK(scale_to_width(picture{300, 1}, 30).height() == 1);
  CHECK(scale_to_width(picture{20, 10}, 30).width() == 20);
}

TEST_CASE("each pixel of a scaled picture is the mean of the area that it covers") {
  picture from{5, 2};
  for (uint32_t y = 0; y < 2; ++y)
    for (uint32_t i = 0; i < 5 * picture::channels; ++i)
      from.row(y)[i] = static_cast<uint8_t>(i / picture::channels * 50);
  auto to = scale_to_width(std::move(from), 2); // columns 0 50 100 150 200: 2.5 of them each
  REQUIRE(to.height() == 1);
  CHECK(to.row(0)[0] == 40);
  CHECK(to.row(0)[picture::channels] == 160);
}

TEST_CASE("what was encoded can be decoded, in nearly the same colours") {
  picture plain{16, 16};
  std::fill_n(plain.row(0), plain.stride() * 16, uint8_t{200});
  for (auto room : {usual_jpeg_bytes(plain), size_t{64}}) { // the second one is too small
    auto place = bulkhead::allocate(caf::strong_actor_ptr{}, room);
    REQUIRE(place);
    auto first = place->room().data();
    auto file = encode_jpeg(plain, 85, std::move(*place));
    REQUIRE(file.has_value());
    CHECK((file->data() == first) == (room > 64));
    auto decoded = decode_jpeg(file->span(), 16);
    REQUIRE(decoded.has_value());
    CHECK(std::abs(decoded->row(8)[24] - 200) < 4);
  }
}

TEST_CASE("transparent parts of a PNG show white") {
  auto decoded = decode_png(bytes_of(samples::make_png(samples::png_kind::rgba, 2, 1)));
  REQUIRE(decoded.has_value());
  CHECK(decoded->row(0)[0] > 128); // it has no red of its own, and a third of full opacity
}
