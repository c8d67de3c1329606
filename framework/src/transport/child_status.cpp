#include "bulkhead/transport/child_status.hpp"

#include <array>

namespace bulkhead {

namespace {

constexpr std::array child_state_names{"starting", "up", "stopping", "ended"};

} // namespace

std::string to_string(child_state what) {
  auto index = static_cast<size_t>(what);
  return index < child_state_names.size() ? child_state_names[index] : "invalid";
}

bool from_string(caf::string_view text, child_state& what) {
  for (size_t i = 0; i < child_state_names.size(); ++i)
    if (text.compare(child_state_names[i]) == 0)
      return from_integer(static_cast<uint8_t>(i), what);
  return false;
}

bool from_integer(std::underlying_type_t<child_state> number, child_state& what) {
  if (number >= child_state_names.size())
    return false;
  what = static_cast<child_state>(number);
  return true;
}

} // namespace bulkhead
