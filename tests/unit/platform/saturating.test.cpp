#include <catch2/catch.hpp>

#include <bulkhead/platform/saturating.hpp>

#include <cstdint>

using namespace bulkhead::platform;
using namespace std::chrono_literals;
using clock_point = std::chrono::steady_clock::time_point;

TEST_CASE("sums and products of sizes stop at the largest value") {
  constexpr auto most = std::numeric_limits<uint64_t>::max();
  CHECK(saturating_sum(uint64_t{2}, uint64_t{3}) == 5);
  CHECK(saturating_sum(most, uint64_t{0}) == most);
  CHECK(saturating_sum(most, uint64_t{1}) == most);
  CHECK(saturating_sum(uint64_t{1}, most) == most);
  CHECK(saturating_product(uint64_t{2}, uint64_t{3}) == 6);
  CHECK(saturating_product(uint64_t{0}, most) == 0);
  CHECK(saturating_product(most, uint64_t{2}) == most);
}

TEST_CASE("durations stop at the largest value of another unit") {
  using std::chrono::milliseconds;
  using std::chrono::nanoseconds;
  CHECK(saturating_cast<nanoseconds>(7ms) == 7'000'000ns);
  CHECK(saturating_cast<nanoseconds>(milliseconds::max()) == nanoseconds::max());
  CHECK(saturating_cast<nanoseconds>(milliseconds::min()) == nanoseconds::min());
  CHECK(saturating_cast<milliseconds>(nanoseconds::max())
        == std::chrono::duration_cast<milliseconds>(nanoseconds::max()));
}

TEST_CASE("a time after the last one is the last one") {
  constexpr clock_point now{1h};
  CHECK(saturating_sum(now, 5ms) == now + 5ms);
  CHECK(saturating_sum(now, 0ms) == now);
  CHECK(saturating_sum(now, -5ms) == now);
  CHECK(saturating_sum(now, std::chrono::milliseconds::max()) == clock_point::max());
  CHECK(saturating_sum(now, std::chrono::nanoseconds::max()) == clock_point::max());
  CHECK(saturating_sum(now, std::chrono::nanoseconds::min()) == now);
  CHECK(saturating_sum(clock_point::max(), 1ns) == clock_point::max());
}
