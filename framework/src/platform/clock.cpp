#include "bulkhead/platform/clock.hpp"

#include <ctime>

#include <sched.h>

namespace bulkhead::platform {

namespace {

uint64_t read_clock(clockid_t which) noexcept {
  timespec now{};
  ::clock_gettime(which, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

} // namespace

uint64_t now_ns() noexcept {
  return read_clock(CLOCK_MONOTONIC);
}

uint64_t coarse_now_ns() noexcept {
  return read_clock(CLOCK_MONOTONIC_COARSE);
}

uint64_t unix_now_ms() noexcept {
  constexpr uint64_t ns_per_ms = 1'000'000;
  return read_clock(CLOCK_REALTIME) / ns_per_ms;
}

void yield_cpu() noexcept {
  ::sched_yield();
}

} // namespace bulkhead::platform
