#include "picture_error.hpp"

#include "messages.hpp"

#include <array>
#include <cstring>

namespace thumbnails {

namespace {

constexpr std::array names{"none",    "not_a_picture", "damaged", "too_large", "bad_width", "out_of_memory",
                           "crashed", "deadline",      "busy",    "no_worker", "unreadable"};

static_assert(names.size() == static_cast<size_t>(picture_error::unreadable) + 1);

} // namespace

std::string to_string(picture_error code) {
  auto index = static_cast<size_t>(code);
  return index < names.size() ? names[index] : "invalid";
}

bool from_string(caf::string_view text, picture_error& code) {
  for (size_t i = 0; i < names.size(); ++i)
    if (text == caf::string_view{names[i], std::strlen(names[i])})
      return from_integer(static_cast<uint8_t>(i), code);
  return false;
}

bool from_integer(std::underlying_type_t<picture_error> number, picture_error& code) {
  if (number >= names.size())
    return false;
  code = static_cast<picture_error>(number);
  return true;
}

picture_error code_of(const caf::error& reason) {
  if (reason.category() == caf::type_id_v<picture_error>)
    return static_cast<picture_error>(reason.code());
  return picture_error::crashed;
}

} // namespace thumbnails
