#include "decode.hpp"
#include "jpeg_guard.hpp"

#include <cstdlib>
#include <memory>
#include <span>
#include <utility>

namespace thumbnails {

namespace {

struct free_memory {
  void operator()(unsigned char* first) const noexcept {
    std::free(first);
  }
};

class jpeg_encoder {
public:
  jpeg_encoder() {
    guard_.attach(codec_);
    created_ = guard_.run([this] { jpeg_create_compress(&codec_); });
  }

  ~jpeg_encoder() {
    if (created_)
      jpeg_destroy_compress(&codec_);
  }

  jpeg_encoder(const jpeg_encoder&) = delete;
  jpeg_encoder& operator=(const jpeg_encoder&) = delete;

  decoded<bulkhead::bytes> encode(const picture& what, int quality, bulkhead::bytes_builder place) {
    auto room = place.room();
    output_ = reinterpret_cast<unsigned char*>(room.data());
    output_size_ = room.size();
    if (!created_ || !write(what, quality))
      return guard_.failure();
    if (output_ == reinterpret_cast<unsigned char*>(room.data()))
      return std::move(place).finish(output_size_);
    std::unique_ptr<unsigned char, free_memory> grown{output_}; // the room was too small
    return bulkhead::bytes::copy_of(std::as_bytes(std::span{output_, output_size_}));
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

size_t usual_jpeg_bytes(const picture& what) noexcept {
  return size_t{what.width()} * what.height() / 2 + 4096;
}

decoded<bulkhead::bytes> encode_jpeg(const picture& what, int quality, bulkhead::bytes_builder place) {
  return jpeg_encoder{}.encode(what, quality, std::move(place));
}

} // namespace thumbnails
