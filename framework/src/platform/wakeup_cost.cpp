#include "bulkhead/platform/wakeup_cost.hpp"

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/platform/event_fd.hpp"
#include "bulkhead/platform/socket_pair.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <system_error>
#include <thread>

namespace bulkhead::platform {

namespace {

constexpr size_t rounds = 15;
constexpr std::chrono::milliseconds patience{100};

bool wait_for(const event_fd& bell) {
  auto rung = wait_readable(bell.fd(), patience);
  bell.drain();
  return rung.has_value() && *rung;
}

} // namespace

uint32_t measure_wakeup_ns() {
  auto there = event_fd::create();
  auto back = event_fd::create();
  if (!there || !back)
    return 0;
  std::thread partner;
  try {
    partner = std::thread{[&] {
      for (size_t i = 0; i < rounds && wait_for(*there); ++i)
        back->ring();
    }};
  } catch (const std::system_error&) {
    return 0;
  }
  std::array<uint64_t, rounds> costs{};
  auto complete = true;
  for (auto& cost : costs) {
    auto start = now_ns();
    there->ring();
    complete = complete && wait_for(*back);
    cost = now_ns() - start;
  }
  partner.join();
  std::nth_element(costs.begin(), costs.begin() + rounds / 2, costs.end());
  return complete ? static_cast<uint32_t>(std::min<uint64_t>(costs[rounds / 2], UINT32_MAX)) : 0;
}

} // namespace bulkhead::platform
