#pragma once

#include <caf/default_enum_inspect.hpp>
#include <caf/error.hpp>
#include <caf/is_error_code_enum.hpp>
#include <caf/string_view.hpp>

#include <cstdint>
#include <string>
#include <type_traits>

namespace thumbnails {

/// Why there is no thumbnail.
enum class picture_error : uint8_t {
  none = 0,
  /// Neither JPEG nor PNG.
  not_a_picture,
  /// A JPEG or PNG that ends early or contradicts itself.
  damaged,
  /// More bytes, or more pixels per side, than are accepted.
  too_large,
  /// The wanted width is not a number from 1 to the largest that is accepted.
  bad_width,
  /// The worker met its memory limit.
  out_of_memory,
  /// The worker crashed over this picture.
  crashed,
  /// The picture took longer than the deadline; its worker was killed.
  deadline,
  /// Too many pictures wait already.
  busy,
  /// No worker could be started.
  no_worker,
  /// The file could not be read.
  unreadable,
};

/// The name of the code, as written above.
std::string to_string(picture_error code);

bool from_string(caf::string_view text, picture_error& code);
bool from_integer(std::underlying_type_t<picture_error> number, picture_error& code);

template <class Inspector>
bool inspect(Inspector& f, picture_error& code) {
  return caf::default_enum_inspect(f, code);
}

/// The code in `reason`; any other error counts as a crash.
picture_error code_of(const caf::error& reason);

} // namespace thumbnails

CAF_ERROR_CODE_ENUM(thumbnails::picture_error)
