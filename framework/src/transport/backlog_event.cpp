#include "bulkhead/transport/backlog_event.hpp"

#include <array>

namespace bulkhead {

namespace {

constexpr std::array<const char*, 3> names{"dropped", "slow_consumer", "deadlock"};

std::string receiver_of(const backlog_event& event) {
  return event.receiver == 0 ? std::string{"its actors"} : "actor " + std::to_string(event.receiver);
}

} // namespace

std::string to_string(backlog_incident what) {
  return names[static_cast<size_t>(what) % names.size()];
}

bool from_string(caf::string_view text, backlog_incident& what) {
  for (size_t i = 0; i < names.size(); ++i)
    if (text.compare(names[i]) == 0)
      return from_integer(static_cast<uint8_t>(i), what);
  return false;
}

bool from_integer(std::underlying_type_t<backlog_incident> number, backlog_incident& what) {
  if (number >= names.size())
    return false;
  what = static_cast<backlog_incident>(number);
  return true;
}

std::string describe(const backlog_event& event) {
  auto result = "worker " + std::to_string(event.slot) + "." + std::to_string(event.incarnation) + " (pid "
                + std::to_string(event.pid) + "), messages " + (event.to_worker ? "to " : "from it to ");
  switch (event.what) {
  case backlog_incident::dropped:
    result += receiver_of(event) + ": " + std::to_string(event.messages) + " dropped";
    break;
  case backlog_incident::slow_consumer:
    result += receiver_of(event) + ": " + std::to_string(event.messages) + " wait, and none was handled lately";
    break;
  case backlog_incident::deadlock:
    result += receiver_of(event) + ": actors wait for each other";
    break;
  }
  return event.detail.empty() ? result : result + ": " + event.detail;
}

} // namespace bulkhead
