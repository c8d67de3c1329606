#pragma once

#include "picture.hpp"
#include "picture_error.hpp"

#include <bulkhead/bytes.hpp>

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace thumbnails {

/// Why a picture could not be decoded, with the library's own words.
struct decode_failure {
  picture_error code;
  std::string detail;
};

template <class T>
using decoded = boost::system::result<T, decode_failure>;

enum class picture_kind : uint8_t { unknown, jpeg, png };

/// Judges by the first bytes only; names of files say nothing.
[[nodiscard]] picture_kind kind_of(std::span<const std::byte> file) noexcept;

/// Decodes a JPEG. Skips work that a thumbnail of `width` pixels does not need: the result may be smaller than the picture,
/// but not narrower than `width` unless the picture is. Turned as its Exif says, and in sRGB whatever its profile.
[[nodiscard]] decoded<picture> decode_jpeg(std::span<const std::byte> file, uint32_t width);

/// Decodes a PNG of any kind, transparent parts on white. Turned as its Exif says, and in sRGB whatever its profile.
[[nodiscard]] decoded<picture> decode_png(std::span<const std::byte> file);

/// Room in which most pictures of this size fit when compressed.
[[nodiscard]] size_t usual_jpeg_bytes(const picture& what) noexcept;

/// Compresses with `quality` from 0 to 100, into `place` if the file fits there.
[[nodiscard]] decoded<bulkhead::bytes> encode_jpeg(const picture& what, int quality, bulkhead::bytes_builder place);

/// What `result::value()` does with a failure that its caller did not look at.
[[noreturn]] void throw_exception_from_error(const decode_failure& failure, const boost::source_location& location);

} // namespace thumbnails
