#include "bulkhead/transport/supervision_event.hpp"

#include <array>

namespace bulkhead {

namespace {

constexpr std::array incident_names{
  "restarted",     "gave_up",       "quarantined", "lost",    "spares_failed", "recycled",       "grown",
  "shrunk",        "growth_failed", "overran",     "stalled", "upgraded",      "upgrade_failed", "fork_server_failed",
  "executor_down", "executor_up"};

} // namespace

std::string to_string(supervision_incident what) {
  return incident_names[static_cast<size_t>(what) % incident_names.size()];
}

bool from_string(caf::string_view text, supervision_incident& what) {
  for (size_t i = 0; i < incident_names.size(); ++i)
    if (text.compare(incident_names[i]) == 0)
      return from_integer(static_cast<uint8_t>(i), what);
  return false;
}

bool from_integer(std::underlying_type_t<supervision_incident> number, supervision_incident& what) {
  if (number >= incident_names.size())
    return false;
  what = static_cast<supervision_incident>(number);
  return true;
}

std::string describe(const supervision_event& event) {
  auto result = describe(event.death);
  auto present = "worker " + std::to_string(event.slot) + "." + std::to_string(event.incarnation) + " (pid "
                 + std::to_string(event.pid) + ")";
  switch (event.what) {
  case supervision_incident::restarted:
  case supervision_incident::recycled:
    result += ", " + present + " took over";
    break;
  case supervision_incident::gave_up:
    result += " and is not replaced";
    break;
  case supervision_incident::quarantined:
    result += " as those before in the handler of a message, which is not tried again";
    break;
  case supervision_incident::lost:
    result += " in the handler of a message, which is lost";
    break;
  case supervision_incident::spares_failed:
    result += " while it waited as a spare, as others before";
    break;
  case supervision_incident::grown:
    result = "worker " + std::to_string(event.slot) + " joined a pool";
    break;
  case supervision_incident::shrunk:
    result = "worker " + std::to_string(event.slot) + " left a pool";
    break;
  case supervision_incident::growth_failed:
    result = "a pool could not grow";
    break;
  case supervision_incident::overran:
    result = present + " is overdue";
    break;
  case supervision_incident::stalled:
    result = present + " stands still";
    break;
  case supervision_incident::upgraded:
    result = present + " runs another program";
    break;
  case supervision_incident::upgrade_failed:
    break;
  case supervision_incident::fork_server_failed:
    result = "fork server " + std::to_string(event.slot) + " (pid " + std::to_string(event.pid)
             + ") is not available: " + event.death.detail;
    break;
  case supervision_incident::executor_down:
    result = "an executor cannot start workers";
    break;
  case supervision_incident::executor_up:
    result = "an executor has a worker again";
    break;
  }
  return event.detail.empty() ? result : result + ": " + event.detail;
}

} // namespace bulkhead
