#include "decode.hpp"
#include "jpeg_guard.hpp"

#include <cstdlib>

namespace thumbnails {

namespace {

class jpeg_encoder {
public:
  jpeg_encoder() {
    guard_.attach(codec_);
    created_ = guard_.run([this] { jpeg_create_compress(&codec_); });
  }

  ~jpeg_encoder() {
    if (created_)
      jpeg_destroy_compress(&codec_);
    std::free(output_);
  }

  jpeg_encoder(const jpeg_encoder&) = delete;
  jpeg_encoder& operator=(const jpeg_encoder&) = delete;

  decoded<std::string> encode(const picture& what, int quality) {
    if (!created_ || !write(what, quality))
      return guard_.failure();
    return std::string{reinterpret_cast<const char*>(output_), output_size_};
  }

private:
  bool write(const picture& what, int quality) {
    return guard_.run([&] {
      jpeg_mem_dest(&codec_, &output_, &output_size_);
      codec_.image_width = what.width();
      codec_.image_height = what.height();
      codec_.input_components = picture::channels;
      codec_.in_color_space = JCS_RGB;
      jpeg_set_defaults(&codec_);
      jpeg_set_quality(&codec_, quality, TRUE);
      jpeg_start_compress(&codec_, TRUE);
      while (codec_.next_scanline < codec_.image_height) {
        auto row = const_cast<JSAMPROW>(what.row(codec_.next_scanline)); // the library only reads it
        jpeg_write_scanlines(&codec_, &row, 1);
      }
      jpeg_finish_compress(&codec_);
    });
  }

  jpeg_guard guard_;
  jpeg_compress_struct codec_{};
  unsigned char* output_ = nullptr;
  unsigned long output_size_ = 0;
  bool created_ = false;
};

} // namespace

decoded<std::string> encode_jpeg(const picture& what, int quality) {
  return jpeg_encoder{}.encode(what, quality);
}

} // namespace thumbnails
