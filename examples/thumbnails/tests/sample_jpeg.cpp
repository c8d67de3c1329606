#include "samples.hpp"

#include <cstdio>
#include <cstdlib>
#include <vector>

#include <jpeglib.h>

namespace thumbnails::samples {

namespace {

// The library's own error handling is enough here: it prints a message and ends the program.
class writer {
public:
  writer(uint32_t width, uint32_t height, int components) {
    codec_.err = jpeg_std_error(&errors_);
    jpeg_create_compress(&codec_);
    jpeg_mem_dest(&codec_, &output_, &size_);
    codec_.image_width = width;
    codec_.image_height = height;
    codec_.input_components = components;
    codec_.in_color_space = components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&codec_);
  }

  ~writer() {
    jpeg_destroy_compress(&codec_);
    std::free(output_);
  }

  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  jpeg_compress_struct& codec() {
    return codec_;
  }

  void write_row(std::vector<uint8_t>& row) {
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&codec_, &pointer, 1);
  }

  std::string finish() {
    jpeg_finish_compress(&codec_);
    return {reinterpret_cast<const char*>(output_), size_};
  }

private:
  jpeg_compress_struct codec_{};
  jpeg_error_mgr errors_{};
  unsigned char* output_ = nullptr;
  unsigned long size_ = 0;
};

} // namespace

std::string make_jpeg(uint32_t width, uint32_t height, std::string_view comment) {
  writer out{width, height, 3};
  jpeg_start_compress(&out.codec(), TRUE);
  if (!comment.empty())
    jpeg_write_marker(&out.codec(), JPEG_COM, reinterpret_cast<const JOCTET*>(comment.data()),
                      static_cast<unsigned>(comment.size()));
  std::vector<uint8_t> row(size_t{width} * 3);
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      row[x * 3] = static_cast<uint8_t>(x * 255 / width);
      row[x * 3 + 1] = static_cast<uint8_t>(y * 255 / height);
      row[x * 3 + 2] = 64;
    }
    out.write_row(row);
  }
  return out.finish();
}

std::string make_jpeg_of_scans(uint32_t side, uint32_t scans) {
  // One scan for the mean of each block, one for the details.
  jpeg_scan_info script[2] = {};
  script[0].comps_in_scan = script[1].comps_in_scan = 1;
  script[1].Ss = 1;
  script[1].Se = DCTSIZE2 - 1;
  writer out{side, side, 1};
  out.codec().scan_info = script;
  out.codec().num_scans = 2;
  jpeg_start_compress(&out.codec(), TRUE);
  std::vector<uint8_t> row(side, 128);
  for (uint32_t y = 0; y < side; ++y)
    out.write_row(row);
  auto file = out.finish();
  // From the last start-of-scan marker to the end-of-image marker.
  auto begin = file.rfind("\xFF\xDA");
  auto end = file.size() - 2;
  auto scan = file.substr(begin, end - begin);
  std::string result = file.substr(0, end);
  result.reserve(result.size() + scan.size() * scans + 2);
  for (uint32_t i = 0; i < scans; ++i)
    result += scan;
  return result + file.substr(end);
}

} // namespace thumbnails::samples
