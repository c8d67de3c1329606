#include "bulkhead/platform/clock.hpp"

#include <ctime>

#include <sched.h>

namespace bulkhead::platform {

uint64_t now_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

void yield_cpu() noexcept {
  ::sched_yield();
}

} // namespace bulkhead::platform
