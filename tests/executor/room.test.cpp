// Catches room in an executor that one who waits for it never hears of, and work that is refused although it could wait.
#include "tasks.hpp"

#include <bulkhead/map.hpp>

#include <catch2/catch.hpp>

using namespace test_support;
using bulkhead::errc;
using namespace std::chrono_literals;

namespace {

struct full_pool {
  host_fixture f;
  gate door;
  bulkhead::executor pool{f.sys, {.workers_max = 1, .tasks_max = 1}};
  bulkhead::future<int32_t> held = pool.submit<&tasks::wait_at>(door.path(), 1);
};

} // namespace

TEST_CASE("who is told of room and does not use it leaves it to the next ones") {
  full_pool x;
  std::vector<bulkhead::future<void>> all;
  for (int i = 0; i < 100; ++i)
    all.push_back(x.pool.when_room());
  x.door.open();
  for (auto& y : all)
    CHECK(y.get());
}

TEST_CASE("who does not want room any more is not told, and takes it from nobody") {
  full_pool x;
  auto first = x.pool.when_room();
  auto second = x.pool.when_room();
  CHECK(first.cancel());
  CHECK(first.get().error() == errc::cancelled);
  x.door.open();
  CHECK(second.get());
  CHECK_FALSE(second.cancel());
}

TEST_CASE("a map over a pool with little room waits for room") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2, .tasks_max = 2}};
  std::vector<int32_t> numbers(200, 7);
  auto in_order = bulkhead::map<&tasks::square>(pool, numbers);
  auto as_completed = bulkhead::map_unordered<&tasks::square>(pool, numbers, {.chunk = 3});
  for (int i = 0; i < 200; ++i) {
    CHECK(in_order.next().get() == 49);
    auto any = as_completed.next().get();
    REQUIRE(any);
    CHECK(any->result == 49);
  }
  CHECK_FALSE(in_order.next());
  CHECK_FALSE(as_completed.next());
}

TEST_CASE("calls of a map that wait for room are cancelled with it, and fail when the pool ends") {
  full_pool x;
  std::vector<int32_t> numbers(10, 7);
  bulkhead::future<int32_t> dropped;
  {
    auto results = bulkhead::map<&tasks::square>(x.pool, numbers);
    dropped = results.next();
  }
  CHECK(dropped.get().error() == errc::cancelled);
  auto results = bulkhead::map<&tasks::square>(x.pool, numbers);
  auto waiting = results.next();
  x.pool.shutdown();
  CHECK(waiting.get().error() == errc::shutting_down);
  x.door.open();
  CHECK(x.held.get() == 1);
}
