// Catches a pool that grows, shrinks, ends or refuses otherwise than its options say, and what hangs when it ends.
#include "tasks.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <set>

using namespace test_support;
using bulkhead::errc;
using namespace std::chrono_literals;

namespace {

int32_t initialized_with = 0;

void initialize(int32_t x) {
  if (x < 0)
    throw std::invalid_argument{"negative"};
  initialized_with = x;
}

int32_t initial() {
  return initialized_with;
}

size_t count_threads() {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator{"/proc/self/task"}, {}));
}

} // namespace

TEST_CASE("each worker runs the initializer before its first task") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2, .initializer = bulkhead::call<&initialize>(17)}};
  CHECK(pool.submit<&initial>().get() == 17);
  CHECK(pool.submit<&tasks::crash>(1).get().error() == errc::worker_lost);
  CHECK(pool.submit<&initial>().get() == 17);
}

TEST_CASE("when the initializer fails, every task fails with its text") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2, .initializer = bulkhead::call<&initialize>(-1)}};
  std::vector<bulkhead::future<int32_t>> all;
  for (int i = 0; i < 10; ++i)
    all.push_back(pool.submit<&initial>());
  for (auto& x : all) {
    auto result = x.get();
    REQUIRE_FALSE(result);
    CHECK(result.error() == errc::constructor_failed);
    CHECK(to_string(result.error()).find("std::invalid_argument: negative") != std::string::npos);
  }
  CHECK(pool.submit<&initial>().get().error() == errc::constructor_failed);
  CHECK(eventually([&] { return f.host.live_workers() == 0; }));
}

TEST_CASE("when the initializer crashes, every task fails and the pool starts no processes without end") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1, .initializer = bulkhead::call<&tasks::crash>(1)}};
  CHECK(pool.submit<&initial>().get().error() == errc::worker_lost);
  CHECK(pool.submit<&initial>().get().error() == errc::worker_lost);
  CHECK(eventually([&] { return f.host.live_workers() == 0; }));
}

TEST_CASE("a worker is replaced after as many tasks as the options say") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1, .tasks_per_worker_max = 3}};
  std::vector<bulkhead::future<int32_t>> all;
  for (int i = 0; i < 9; ++i)
    all.push_back(pool.submit<&tasks::process_id>());
  std::map<int32_t, int> tasks_of;
  for (auto& x : all)
    ++tasks_of[x.get().value()];
  CHECK(tasks_of.size() == 3);
  for (auto& [pid, count] : tasks_of)
    CHECK(count == 3);
}

TEST_CASE("a pool grows with its tasks and shrinks when they are done") {
  host_fixture f;
  gate door;
  bulkhead::executor pool{f.sys, {.workers_min = 1, .workers_max = 3, .idle_after = 20ms}};
  CHECK(eventually([&] { return f.host.live_workers() == 1; }));
  std::vector<bulkhead::future<int32_t>> all;
  for (int i = 0; i < 5; ++i)
    all.push_back(pool.submit<&tasks::wait_at>(door.path(), 1));
  CHECK(pool.workers() == 3);
  CHECK(eventually([&] { return f.host.live_workers() == 3; }));
  door.open();
  for (auto& x : all)
    CHECK(x.get() == 1);
  CHECK(eventually([&] { return f.host.live_workers() == 1; }));
  CHECK(pool.submit<&tasks::square>(4).get() == 16);
}

TEST_CASE("tasks beyond the limit are refused at once, and who waits for room is told") {
  host_fixture f;
  gate door;
  bulkhead::executor pool{f.sys, {.workers_max = 1, .tasks_max = 10}};
  std::vector<bulkhead::future<int32_t>> all;
  for (int i = 0; i < 10; ++i)
    all.push_back(pool.submit<&tasks::wait_at>(door.path(), 1));
  CHECK(pool.submit<&tasks::square>(4).get().error() == errc::executor_full);
  auto room = pool.when_room();
  CHECK_FALSE(room.ready());
  door.open();
  CHECK(room.get());
  for (auto& x : all)
    CHECK(x.get() == 1);
  CHECK(pool.submit<&tasks::square>(4).get() == 16);
}

TEST_CASE("urgent tasks begin before those that wait in the host") {
  host_fixture f;
  gate door;
  scratch_file order;
  bulkhead::executor pool{f.sys, {.workers_max = 1, .prefetch_max = 1}};
  auto held = pool.submit<&tasks::wait_at>(door.path(), 1);
  constexpr auto note = [](const std::string& path, const std::string& what) {
    std::ofstream{path, std::ios::app} << what;
  };
  auto last = pool.submit(note, order.path(), "b");
  auto first = pool.with({.priority = bulkhead::task_priority::high}).submit(note, order.path(), "a");
  door.open();
  CHECK(last.get());
  std::string found;
  std::ifstream{order.path()} >> found;
  CHECK(found == "ab");
  CHECK(held.get() == 1);
  CHECK(first.get());
}

TEST_CASE("a shutdown lets all tasks end, and nothing is left of the pool") {
  host_fixture f;
  auto threads = count_threads();
  auto children = count_children();
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  std::vector<bulkhead::future<int32_t>> all;
  for (int32_t i = 0; i < 200; ++i)
    all.push_back(pool.submit<&tasks::square>(i));
  CHECK(pool.shutdown_and_wait() == caf::error{});
  for (int32_t i = 0; i < 200; ++i)
    CHECK(all[static_cast<size_t>(i)].get() == i * i);
  CHECK(pool.submit<&tasks::square>(1).get().error() == errc::shutting_down);
  CHECK(count_threads() <= threads);
  CHECK(eventually([&] { return count_children() == children; }));
}

TEST_CASE("a shutdown can cancel what waits, and what runs too") {
  host_fixture f;
  gate door;
  scratch_file begun;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto hanging = pool.submit<&tasks::hang>(begun.path());
  std::vector<bulkhead::future<int32_t>> waiting;
  for (int32_t i = 0; i < 100; ++i)
    waiting.push_back(pool.submit<&tasks::square>(i));
  REQUIRE(eventually([&] { return begun.size() == 1; }));
  pool.shutdown(bulkhead::at_shutdown::cancel_waiting);
  for (auto& x : waiting)
    CHECK(x.get().error() == errc::cancelled);
  CHECK_FALSE(hanging.ready());
  CHECK(pool.shutdown_and_wait(bulkhead::at_shutdown::cancel_all) == caf::error{});
  CHECK(hanging.get().error() == errc::cancelled);
}

TEST_CASE("a pool that was never used ends, and one that is full of tasks ends with its actor system") {
  auto children = count_children();
  scratch_file begun;
  bulkhead::future<void> hanging;
  std::vector<bulkhead::future<int32_t>> waiting;
  {
    host_fixture f;
    bulkhead::executor idle{f.sys};
    CHECK(idle.shutdown_and_wait() == caf::error{});
    bulkhead::executor pool{f.sys, {.workers_max = 1, .worker = {.stop_timeout = 100ms}}};
    hanging = pool.submit<&tasks::hang>(begun.path());
    for (int32_t i = 0; i < 100; ++i)
      waiting.push_back(pool.submit<&tasks::square>(i));
    REQUIRE(eventually([&] { return begun.size() == 1; }));
  }
  CHECK(hanging.get().error() == errc::worker_lost);
  for (auto& x : waiting)
    CHECK_FALSE(x.get());
  CHECK(count_children() == children);
}

TEST_CASE("impossible options are an error of every task") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.prefetch_max = 0}};
  CHECK(pool.submit<&tasks::square>(1).get().error() == errc::invalid_option);
  bulkhead::executor lost{f.sys, {.worker = {.program = "/does/not/exist"}}};
  CHECK(lost.submit<&tasks::square>(1).get().error() == errc::program_not_found);
  CHECK(lost.submit<&tasks::square>(1).get().error() == errc::program_not_found);
}

TEST_CASE("a worker of another program says which function it does not have") {
  host_fixture f;
  bulkhead::executor pool{f.sys,
                          {.workers_max = 1, .worker = {.program = BULKHEAD_CHILDREN_DIR "/child_no_functions"}}};
  auto result = pool.submit<&tasks::square>(1).get();
  REQUIRE_FALSE(result);
  CHECK(result.error() == errc::unknown_function);
  CHECK(to_string(result.error()).find("tasks::square") != std::string::npos);
}
