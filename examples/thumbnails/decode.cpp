#include "decode.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace thumbnails {

picture_kind kind_of(std::span<const std::byte> file) noexcept {
  constexpr std::array<uint8_t, 3> jpeg{0xFF, 0xD8, 0xFF};
  constexpr std::array<uint8_t, 8> png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  auto starts_with = [file](std::span<const uint8_t> signature) {
    return file.size() >= signature.size()
           && std::ranges::equal(std::as_bytes(signature), file.first(signature.size()));
  };
  return starts_with(jpeg) ? picture_kind::jpeg : starts_with(png) ? picture_kind::png : picture_kind::unknown;
}

void throw_exception_from_error(const decode_failure& failure, const boost::source_location&) {
  throw std::runtime_error{failure.detail};
}

} // namespace thumbnails
