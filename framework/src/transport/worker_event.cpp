#include "bulkhead/transport/worker_event.hpp"

#include <array>

namespace bulkhead {

namespace {

constexpr std::array<const char*, 4> names{"handled", "handling", "mark", "line"};

} // namespace

std::string to_string(worker_event_kind what) {
  return names[static_cast<size_t>(what) % names.size()];
}

bool from_string(caf::string_view text, worker_event_kind& what) {
  for (size_t i = 0; i < names.size(); ++i)
    if (text.compare(names[i]) == 0)
      return from_integer(static_cast<uint8_t>(i), what);
  return false;
}

bool from_integer(std::underlying_type_t<worker_event_kind> number, worker_event_kind& what) {
  if (number >= names.size())
    return false;
  what = static_cast<worker_event_kind>(number);
  return true;
}

std::string describe(const message_head& head) {
  auto result = head.types;
  if (head.sender != 0)
    result += " from actor " + std::to_string(head.sender)
              + (head.sender_process == 0 ? " of the host" : " of process " + std::to_string(head.sender_process));
  result += " to actor " + std::to_string(head.receiver);
  if (head.request != 0)
    result += ", request " + std::to_string(head.request);
  if (head.bytes != 0)
    result += ", " + std::to_string(head.bytes) + " bytes";
  return result;
}

std::string describe(const worker_event& event) {
  auto result = std::to_string(event.before_end_ms) + " ms before: ";
  switch (event.what) {
  case worker_event_kind::handled:
  case worker_event_kind::handling:
    return result + to_string(event.what) + " " + describe(event.message);
  case worker_event_kind::mark:
  case worker_event_kind::line:
    return result + to_string(event.what) + ": " + event.text;
  }
  return result;
}

} // namespace bulkhead
