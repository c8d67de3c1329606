#include "crash_marker.hpp"
#include "samples.hpp"

namespace thumbnails::samples {

namespace {

std::string half_of(std::string file) {
  file.resize(file.size() / 2);
  return file;
}

} // namespace

std::vector<hostile_file> hostile_files() {
  std::string crash{crash_marker};
  return {
    {"truncated.jpg", half_of(make_jpeg(800, 600)), "damaged"},
    {"truncated.png", half_of(make_png(png_kind::rgb, 800, 600)), "damaged"},
    {"text.jpg", "This is not a picture.\n", "not_a_picture"},
    {"empty.jpg", "", "not_a_picture"},
    // A hundred kilobytes that become 2.7 gigabytes of pixels.
    {"bomb.png", make_png(png_kind::gray1, 30'000, 30'000), "out_of_memory"},
    {"too_wide.png", make_png(png_kind::gray1, 200'000, 2), "too_large"},
    // Each scan is a pass over a quarter of a million blocks.
    {"scans.jpg", make_jpeg_of_scans(4'096, 20'000), "deadline"},
    {"crash.jpg", make_jpeg(64, 64, crash), "crashed"},
    {"crash.png", make_png(png_kind::rgb, 64, 64, crash), "crashed"},
  };
}

} // namespace thumbnails::samples
