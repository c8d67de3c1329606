// Catches a clock that goes back, stands still, or has the wrong unit.
#include <catch2/catch.hpp>

#include "bulkhead/platform/clock.hpp"

#include <chrono>

using namespace bulkhead::platform;

TEST_CASE("the clock never goes back and does not stand still") {
  auto first = now_ns();
  auto last = first;
  int steps_back = 0;
  for (int i = 0; i < 100'000; ++i) {
    auto now = now_ns();
    steps_back += now < last ? 1 : 0;
    last = now;
    cpu_relax();
  }
  yield_cpu();
  CHECK(steps_back == 0);
  CHECK(now_ns() > first);
}

TEST_CASE("the clock counts the nanoseconds of the steady clock") {
  auto steady = [] { return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()); };
  auto before = steady();
  auto now = now_ns();
  auto after = steady();
  CHECK(before <= now);
  CHECK(now <= after);
}

TEST_CASE("the coarse clock is the same one, not in the future and not long ago") {
  auto before = now_ns();
  auto coarse = coarse_now_ns();
  CHECK(coarse <= now_ns());
  CHECK(coarse + 1'000'000'000 > before);
}
