#include "decoder.hpp"

#include "crash_marker.hpp"
#include "decode.hpp"
#include "messages.hpp"
#include "scale.hpp"

#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/result.hpp>

#include <cstdlib>
#include <string_view>

namespace thumbnails {

namespace {

constexpr int quality = 85;

decoded<picture> decode(const bulkhead::bytes& file, uint32_t width) {
  switch (kind_of(file.span())) {
    case picture_kind::jpeg:
      return decode_jpeg(file.span(), width);
    case picture_kind::png:
      return decode_png(file.span());
    case picture_kind::unknown:
      break;
  }
  return decode_failure{picture_error::not_a_picture, file.empty() ? "empty" : "neither JPEG nor PNG"};
}

decoded<thumbnail> make_thumbnail(const bulkhead::bytes& file, uint32_t width) {
  auto full = decode(file, width);
  if (!full)
    return full.error();
  auto small = scale_to_width(std::move(*full), width);
  auto jpeg = encode_jpeg(small, quality);
  if (!jpeg)
    return jpeg.error();
  return thumbnail{bulkhead::bytes::copy_of(std::string_view{*jpeg}), small.width(), small.height(), {}};
}

// FOR DEMONSTRATION AND TESTS: stands for a bug in a C library that a prepared picture triggers.
void crash_if_asked_to(const bulkhead::bytes& file) {
  if (file.view().find(crash_marker) != std::string_view::npos)
    std::abort();
}

} // namespace

caf::behavior decoder(caf::event_based_actor*) {
  return {
    [](const bulkhead::bytes& file, uint32_t width) -> caf::result<thumbnail> {
      crash_if_asked_to(file);
      auto result = make_thumbnail(file, width);
      if (!result)
        return make_failure(result.error().code, result.error().detail);
      return std::move(*result);
    },
  };
}

} // namespace thumbnails
