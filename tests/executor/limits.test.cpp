// Catches tasks that run without end although they may not, work that stays with a worker that stands still, and doubt that is told where
// there is none or the other way round.
#include "tasks.hpp"

#include <bulkhead/gather.hpp>
#include <bulkhead/map.hpp>
#include <bulkhead/this_task.hpp>

#include <catch2/catch.hpp>

#include <limits>
#include <thread>

using namespace test_support;
using bulkhead::death_cause;
using bulkhead::errc;
using namespace std::chrono_literals;

namespace {

int32_t trace_and_crash(const std::string& path) {
  tasks::leave_trace(path);
  return tasks::crash(1);
}

int32_t crash_at_two(int32_t x) {
  return x == 2 ? tasks::crash(x) : x;
}

int32_t stop_in_time(const std::string& path) {
  tasks::leave_trace(path);
  while (!bulkhead::this_task::stop_requested())
    std::this_thread::yield();
  return 7;
}

template <class T>
bulkhead::worker_death death_in(const caf::expected<T>& result) {
  REQUIRE_FALSE(result);
  auto death = bulkhead::death_of(result.error());
  REQUIRE(death);
  return *death;
}

} // namespace

TEST_CASE("a task that had begun when its worker died is in doubt") {
  host_fixture f;
  scratch_file trace;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto failed = pool.submit<&trace_and_crash>(trace.path()).get();
  CHECK(trace.size() == 1);
  CHECK(death_in(failed).in_doubt);
}

TEST_CASE("of a map's chunk the calls are in doubt that had begun, and no others") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto results = bulkhead::map<&crash_at_two>(pool, std::vector<int32_t>{0, 1, 2, 3, 4}, {.chunk = 5});
  for (int32_t i = 0; i < 5; ++i)
    CHECK(death_in(results.next().get()).in_doubt == (i <= 2));
}

TEST_CASE("a task that reaches its time limit ends with its worker, and no other task notices") {
  host_fixture f;
  scratch_file begun;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto hanging = pool.with({.time_max = 50ms}).submit<&tasks::hang>(begun.path());
  std::vector<bulkhead::future<int32_t>> behind;
  for (int32_t i = 0; i < 20; ++i)
    behind.push_back(pool.submit<&tasks::square>(i));
  auto death = death_in(hanging.get());
  CHECK(death.cause == death_cause::overran);
  CHECK(death.in_doubt);
  CHECK(death.detail.find("50 ms") != std::string::npos);
  for (int32_t i = 0; i < 20; ++i)
    CHECK(behind[static_cast<size_t>(i)].get() == i * i);
}

TEST_CASE("the time of a task does not count before it begins") {
  host_fixture f;
  gate door;
  scratch_file begun;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto held = pool.submit<&tasks::wait_at>(door.path(), 1);
  auto limited = pool.with({.time_max = 20ms}).submit([] { return int32_t{5}; });
  // The time limit of this one is over first.
  auto other =
    bulkhead::executor{f.sys, {.workers_max = 1}}.with({.time_max = 40ms}).submit<&tasks::hang>(begun.path());
  CHECK(death_in(other.get()).cause == death_cause::overran);
  CHECK_FALSE(limited.ready());
  door.open();
  CHECK(held.get() == 1);
  CHECK(limited.get() == 5);
}

TEST_CASE("a task that is asked to stop at its time limit may end by itself, and its result counts") {
  host_fixture f;
  scratch_file trace;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto worker = pool.submit<&tasks::process_id>().get();
  CHECK(pool.with({.stop_grace = 1h, .time_max = 20ms}).submit<&stop_in_time>(trace.path()).get() == 7);
  CHECK(pool.submit<&tasks::process_id>().get() == worker);
}

TEST_CASE("a task may be tried again after it has reached its time limit") {
  host_fixture f;
  scratch_file trace;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto once = [](const std::string& path) {
    auto before = std::filesystem::exists(path);
    tasks::leave_trace(path);
    while (!before)
      std::this_thread::yield();
    return int32_t{3};
  };
  CHECK(
    pool.with({.retries_max = std::numeric_limits<uint32_t>::max(), .time_max = 500ms}).submit(once, trace.path()).get()
    == 3);
}

TEST_CASE("a worker that stands still keeps nothing that it has not begun") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_min = 2, .workers_max = 2, .worker = {.stop_timeout = 100ms}}};
  REQUIRE(eventually([&] { return pool.status().workers_ready == 2; }));
  auto stopped = pool.submit<&tasks::process_id>().get();
  REQUIRE(stopped);
  REQUIRE(freeze(*stopped));
  std::vector<bulkhead::future<int32_t>> all;
  for (int32_t i = 0; i < 10; ++i)
    all.push_back(pool.submit<&tasks::square>(i));
  for (int32_t i = 0; i < 10; ++i)
    CHECK(all[static_cast<size_t>(i)].get() == i * i);
  CHECK(pool.shutdown_and_wait() == caf::error{});
}

TEST_CASE("a worker that stands still for longer than it may is replaced, which costs no task") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1, .stall_max = 100ms}};
  auto stopped = pool.submit<&tasks::process_id>().get();
  REQUIRE(stopped);
  REQUIRE(freeze(*stopped));
  std::vector<bulkhead::future<int32_t>> all;
  for (int32_t i = 0; i < 10; ++i)
    all.push_back(pool.submit<&tasks::square>(i));
  for (int32_t i = 0; i < 10; ++i)
    CHECK(all[static_cast<size_t>(i)].get() == i * i);
  CHECK(pool.submit<&tasks::process_id>().get() != stopped);
}

TEST_CASE("a future whose cancellation succeeded has no value, whenever its task ends") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  auto patient = pool.with({.stop_grace = 1h});
  size_t cancelled = 0;
  for (int round = 0; round < 2000; ++round) {
    auto x = patient.submit<&tasks::square>(3);
    for (int i = 0; i < round % 200; ++i)
      std::this_thread::yield();
    auto ended = x.cancel();
    cancelled += ended ? 1 : 0;
    auto result = x.get();
    CHECK(static_cast<bool>(result) != ended);
    if (ended)
      CHECK(result.error() == errc::cancelled);
  }
  INFO(cancelled << " of 2000 were cancelled");
  CHECK(pool.unfinished() == 0);
}

TEST_CASE("each duration and size of an executor and its tasks does what it says, or is refused") {
  host_fixture f;
  using bulkhead::executor_options;
  using bulkhead::task_options;
  constexpr auto longest = std::chrono::milliseconds::max();
  constexpr auto largest = std::numeric_limits<size_t>::max();
  auto try_options = [&](executor_options options) {
    options.workers_max = options.workers_max == 0 ? 1 : options.workers_max;
    bulkhead::executor pool{f.sys, std::move(options)};
    auto first = pool.submit<&tasks::square>(3).get();
    return first ? errc::none : first.error() == errc::invalid_option ? errc::invalid_option : errc::task_failed;
  };
  CHECK(try_options({.workers_min = largest}) == errc::invalid_option);
  CHECK(try_options({.workers_max = largest}) == errc::invalid_option);
  CHECK(try_options({.workers_max = 1025}) == errc::invalid_option);
  CHECK(try_options({.workers_min = 2, .workers_max = 1}) == errc::invalid_option);
  CHECK(try_options({.idle_after = 0ms}) == errc::none);
  CHECK(try_options({.idle_after = longest}) == errc::none);
  CHECK(try_options({.idle_after = -1ms}) == errc::invalid_option);
  CHECK(try_options({.tasks_per_worker_max = std::numeric_limits<uint64_t>::max()}) == errc::none);
  CHECK(try_options({.tasks_max = largest}) == errc::none);
  CHECK(try_options({.tasks_max = 1}) == errc::none);
  CHECK(try_options({.prefetch_max = largest}) == errc::invalid_option);
  CHECK(try_options({.prefetch_max = 0}) == errc::invalid_option);
  CHECK(try_options({.prefetch_max = 256}) == errc::none);
  CHECK(try_options({.stall_max = 24h}) == errc::none);
  CHECK(try_options({.stall_max = longest}) == errc::invalid_option);
  CHECK(try_options({.stall_max = -1ms}) == errc::invalid_option);
  CHECK(try_options({.worker = {.spares = 1}}) == errc::invalid_option);
  CHECK(try_options({.worker = {.restart = {.when = bulkhead::restart_when::always}}}) == errc::invalid_option);
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto try_task = [&](task_options options) {
    auto result = pool.with(options).submit<&tasks::square>(3).get();
    return result ? errc::none : result.error() == errc::invalid_option ? errc::invalid_option : errc::task_failed;
  };
  CHECK(try_task({.retries_max = std::numeric_limits<uint32_t>::max()}) == errc::none);
  CHECK(try_task({.stop_grace = longest}) == errc::none);
  CHECK(try_task({.stop_grace = -1ms}) == errc::invalid_option);
  CHECK(try_task({.time_max = longest}) == errc::none);
  CHECK(try_task({.time_max = 24h}) == errc::none);
  CHECK(try_task({.time_max = -1ms}) == errc::invalid_option);
  CHECK(try_task({.priority = static_cast<bulkhead::task_priority>(2)}) == errc::invalid_option);
}

TEST_CASE("with the longest idle time a worker never ends for lack of tasks") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1, .idle_after = std::chrono::milliseconds::max()}};
  auto worker = pool.submit<&tasks::process_id>().get();
  for (int i = 0; i < 20; ++i)
    CHECK(pool.submit<&tasks::process_id>().get() == worker);
}

TEST_CASE("a future is waited for as long as the caller says, up to the longest time") {
  host_fixture f;
  gate door;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto held = pool.submit<&tasks::wait_at>(door.path(), 1);
  CHECK(held.wait_for(0ns).error() == caf::sec::request_timeout);
  CHECK(held.wait_for(std::chrono::nanoseconds::min()).error() == caf::sec::request_timeout);
  auto late = pool.submit([](const std::string& path, int32_t x) { return tasks::wait_at(path, x); }, door.path(), 2);
  std::thread opener{[&] { door.open(); }};
  CHECK(late.wait_for(std::chrono::nanoseconds::max() - 1ns) == 2);
  opener.join();
  CHECK(bulkhead::with_timeout(f.sys, pool.submit<&tasks::hang>(scratch_file{}.path()), std::chrono::nanoseconds::min())
          .get()
          .error()
        == caf::sec::request_timeout);
}
