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

#include <unistd.h>

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

// Written where `receiver` reads it.
caf::result<thumbnail> make_thumbnail(const bulkhead::bytes& file, uint32_t width,
                                      const caf::strong_actor_ptr& receiver) {
  auto full = decode(file, width);
  if (!full)
    return make_failure(full.error().code, full.error().detail, ::getpid());
  auto small = scale_to_width(std::move(*full), width);
  auto place = bulkhead::allocate(receiver, usual_jpeg_bytes(small));
  if (!place)
    return std::move(place.error());
  auto jpeg = encode_jpeg(small, quality, std::move(*place));
  if (!jpeg)
    return make_failure(jpeg.error().code, jpeg.error().detail, ::getpid());
  return thumbnail{std::move(*jpeg), small.width(), small.height(), ::getpid()};
}

// FOR DEMONSTRATION AND TESTS: stands for a bug in a C library that a prepared picture triggers.
void crash_if_asked_to(const bulkhead::bytes& file) {
  if (file.view().find(crash_marker) != std::string_view::npos)
    std::abort();
}

} // namespace

caf::behavior decoder(caf::event_based_actor* self) {
  return {
    [self](const bulkhead::bytes& file, uint32_t width) -> caf::result<thumbnail> {
      crash_if_asked_to(file);
      return make_thumbnail(file, width, self->current_sender());
    },
  };
}

} // namespace thumbnails
