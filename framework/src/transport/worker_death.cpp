#include "bulkhead/transport/worker_death.hpp"

#include "bulkhead/transport/type_ids.hpp"

#include <caf/message.hpp>

#include <array>
#include <cstring>

namespace bulkhead {

namespace {

constexpr std::array cause_names{"exited",  "signaled", "corrupt", "out_of_memory",
                                 "stopped", "recycled", "overran", "stalled"};

} // namespace

std::string to_string(death_cause cause) {
  auto index = static_cast<size_t>(cause);
  return index < cause_names.size() ? cause_names[index] : "invalid";
}

bool from_string(caf::string_view text, death_cause& cause) {
  for (size_t i = 0; i < cause_names.size(); ++i)
    if (text == caf::string_view{cause_names[i], std::strlen(cause_names[i])})
      return from_integer(static_cast<uint8_t>(i), cause);
  return false;
}

bool from_integer(std::underlying_type_t<death_cause> number, death_cause& cause) {
  if (number >= cause_names.size())
    return false;
  cause = static_cast<death_cause>(number);
  return true;
}

std::string describe(const worker_death& death) {
  auto text = "worker " + std::to_string(death.slot) + "." + std::to_string(death.incarnation) + " (pid "
              + std::to_string(death.pid) + ") ";
  auto told = !death.detail.empty() && (death.cause == death_cause::exited || death.cause == death_cause::signaled);
  if (told)
    return text + (death.cause == death_cause::signaled ? "was " : "") + death.detail;
  switch (death.cause) {
  case death_cause::exited:
    text += "exited with code " + std::to_string(death.status);
    break;
  case death_cause::signaled:
    text += "was killed by signal " + std::to_string(death.status);
    break;
  case death_cause::corrupt:
    text += "wrote garbage into shared memory and was killed";
    break;
  case death_cause::out_of_memory:
    text += "ran out of memory";
    break;
  case death_cause::stopped:
    text += "was stopped";
    break;
  case death_cause::recycled:
    text += "was recycled";
    break;
  case death_cause::overran:
    text += "was killed because a handler ran for too long";
    break;
  case death_cause::stalled:
    text += "was killed because it stood still";
    break;
  }
  if (!death.detail.empty())
    text += ": " + death.detail;
  return text;
}

caf::error make_error(const worker_death& death) {
  return {errc::worker_lost, caf::make_message(death)};
}

caf::error make_error(errc code, const worker_death& death, std::string story) {
  return {code, caf::make_message(death, std::move(story))};
}

caf::optional<worker_death> death_of(const caf::error& reason) {
  auto told = (reason == errc::worker_lost && reason.context().match_elements<worker_death>())
              || ((reason == errc::restarts_exhausted || reason == errc::poisoned || reason == errc::upgrade_failed)
                  && reason.context().match_elements<worker_death, std::string>());
  if (!told)
    return caf::none;
  return reason.context().get_as<worker_death>(0);
}

} // namespace bulkhead
