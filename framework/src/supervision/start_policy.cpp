#include "bulkhead/supervision/start_policy.hpp"

#include <algorithm>

namespace bulkhead::supervision {

namespace {

// More doublings exceed the longest pause.
constexpr uint32_t doublings_max = 10;

// Before the time counts: one start may take as long as its timeout allows.
constexpr uint32_t attempts_min = 3;

} // namespace

void start_policy::failed(time_point began, time_point now) noexcept {
  if (failures_ > 0 && began < last_failure_)
    return;
  if (failures_++ == 0)
    first_failure_ = now;
  last_failure_ = now;
  auto pause = pause_min * (1U << std::min(failures_ - 1, doublings_max));
  next_start_ = now + std::min<duration>(pause, pause_max);
  down_ = down_ || failures_ >= attempts_max || (failures_ >= attempts_min && now - first_failure_ >= time_max);
}

void start_policy::succeeded() noexcept {
  failures_ = 0;
  down_ = false;
}

} // namespace bulkhead::supervision
