#include <catch2/catch.hpp>

#include <bulkhead/supervision/start_policy.hpp>

using namespace bulkhead::supervision;
using namespace std::chrono_literals;

TEST_CASE("after each failed start the next one waits for longer, up to a limit") {
  start_policy x;
  time_point now{1h};
  CHECK_FALSE(x.failing());
  auto last = duration::zero();
  for (int i = 0; i < 100; ++i) {
    x.failed(now, now);
    auto pause = x.next_start() - now;
    CHECK(pause >= last);
    CHECK(pause >= start_policy::pause_min);
    CHECK(pause <= start_policy::pause_max);
    last = pause;
    now = x.next_start();
  }
  CHECK(last == start_policy::pause_max);
  x.succeeded();
  CHECK_FALSE(x.failing());
  x.failed(now, now);
  CHECK(x.next_start() - now == start_policy::pause_min);
}

TEST_CASE("those who wait for a worker are told after several failures in a row, or after some time") {
  start_policy x;
  time_point now{1h};
  for (uint32_t i = 1; i <= start_policy::attempts_max; ++i) {
    CHECK_FALSE(x.down());
    x.failed(now, now);
    now += 1ms;
  }
  CHECK(x.down());
  x.failed(now, now);
  CHECK(x.down());
  x.succeeded();
  CHECK_FALSE(x.down());
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(x.down());
    x.failed(now, now);
    now += start_policy::time_max / 2;
  }
  CHECK(x.down());
}

TEST_CASE("several starts that fail at once count as one") {
  start_policy x;
  time_point began{1h};
  for (int i = 0; i < 100; ++i)
    x.failed(began, began + 1ms * (i + 1));
  CHECK(x.failures() == 1);
  CHECK_FALSE(x.down());
}
