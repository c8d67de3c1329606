#include "bulkhead/platform/exit_status.hpp"

#include <cstring>

namespace bulkhead::platform {

std::string exit_status::describe() const {
  switch (how) {
  case kind::exited:
    return "exited with code " + std::to_string(value);
  case kind::signaled: {
    auto text = "killed by signal " + std::to_string(value);
    if (const auto* name = ::sigabbrev_np(value))
      text.append(" (SIG").append(name).append(")");
    return text;
  }
  case kind::unknown:
    break;
  }
  return "ended; its status was taken by another part of the program";
}

} // namespace bulkhead::platform
