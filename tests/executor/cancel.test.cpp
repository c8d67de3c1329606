// Catches a task that runs though it was cancelled, one that cannot be, and one that suffers from another one's end.
#include "tasks.hpp"

#include <bulkhead/this_task.hpp>

#include <catch2/catch.hpp>

#include <thread>

using namespace test_support;
using bulkhead::errc;
using namespace std::chrono_literals;

namespace {

// Writes one octet when it begins, and another one when it is asked to stop.
int32_t heed(const std::string& path) {
  tasks::leave_trace(path);
  while (!bulkhead::this_task::stop_requested())
    std::this_thread::yield();
  tasks::leave_trace(path);
  return 1;
}

} // namespace

TEST_CASE("a task that waits is cancelled and never runs") {
  host_fixture f;
  gate door;
  scratch_file trace;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto held = pool.submit<&tasks::wait_at>(door.path(), 1);
  std::vector<bulkhead::future<void>> waiting;
  for (int i = 0; i < 200; ++i) // some with the worker, some in the host
    waiting.push_back(pool.submit<&tasks::leave_trace>(trace.path()));
  size_t cancelled = 0;
  for (size_t i = 0; i < waiting.size(); i += 2)
    cancelled += waiting[i].cancel();
  CHECK(cancelled == 100);
  door.open();
  CHECK(held.get() == 1);
  for (size_t i = 0; i < waiting.size(); ++i)
    if (auto result = waiting[i].get(); i % 2 == 0)
      CHECK(result.error() == errc::cancelled);
    else
      CHECK(result);
  CHECK(trace.size() == 100);
  CHECK_FALSE(waiting[1].cancel());
}

TEST_CASE("a task that runs is cancelled by the end of its worker, which no other task notices") {
  host_fixture f;
  scratch_file begun;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto hanging = pool.submit<&tasks::hang>(begun.path());
  std::vector<bulkhead::future<int32_t>> behind;
  for (int32_t i = 0; i < 100; ++i)
    behind.push_back(pool.submit<&tasks::square>(i));
  REQUIRE(eventually([&] { return begun.size() == 1; }));
  CHECK(hanging.cancel());
  CHECK(hanging.get().error() == errc::cancelled);
  for (int32_t i = 0; i < 100; ++i)
    CHECK(behind[static_cast<size_t>(i)].get() == i * i);
  CHECK(hanging.cancel()); // it was before
}

TEST_CASE("a task that is asked to stop may clean up, and its worker lives on") {
  host_fixture f;
  scratch_file trace;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto worker = pool.submit<&tasks::process_id>().get();
  auto busy = pool.with({.stop_grace = 1h}).submit<&heed>(trace.path());
  auto behind = pool.submit<&tasks::process_id>();
  REQUIRE(eventually([&] { return trace.size() == 1; }));
  CHECK(busy.cancel());
  CHECK(busy.get().error() == errc::cancelled);
  CHECK(behind.get() == worker);
  CHECK(trace.size() == 2);
  // The next one is not meant.
  auto next = pool.submit([](int32_t x) { return bulkhead::this_task::stop_requested() ? -x : x; }, 3);
  CHECK(next.get() == 3);
  CHECK(pool.unfinished() == 0);
  CHECK_FALSE(bulkhead::this_task::stop_requested());
}

TEST_CASE("a task that does not heed the request to stop is killed after its grace") {
  host_fixture f;
  scratch_file begun;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto worker = pool.submit<&tasks::process_id>().get();
  auto hanging = pool.with({.stop_grace = 50ms}).submit<&tasks::hang>(begun.path());
  auto behind = pool.submit<&tasks::process_id>();
  REQUIRE(eventually([&] { return begun.size() == 1; }));
  CHECK(hanging.cancel());
  CHECK(hanging.get().error() == errc::cancelled);
  auto other = behind.get();
  REQUIRE(other);
  CHECK(other != worker);
}

TEST_CASE("a pool ends though a task that was asked to stop goes on, and one that dies meanwhile is replaced") {
  host_fixture f;
  auto children = count_children();
  {
    scratch_file begun;
    bulkhead::executor pool{f.sys, {.workers_max = 1, .worker = {.stop_timeout = 100ms}}};
    auto patient = pool.with({.stop_grace = 1h});
    auto dying = patient.submit(
      [](const std::string& path) {
        tasks::leave_trace(path);
        while (!bulkhead::this_task::stop_requested())
          std::this_thread::yield();
        tasks::crash(1);
      },
      begun.path());
    REQUIRE(eventually([&] { return begun.size() == 1; }));
    CHECK(dying.cancel());
    CHECK(pool.submit<&tasks::square>(3).get() == 9);
    scratch_file hangs;
    auto hanging = patient.submit<&tasks::hang>(hangs.path());
    REQUIRE(eventually([&] { return hangs.size() == 1; }));
    CHECK(hanging.cancel());
    CHECK(pool.shutdown_and_wait() == caf::error{});
  }
  CHECK(eventually([&] { return count_children() == children; }));
}
