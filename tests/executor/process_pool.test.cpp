// What Python's own tests of process pools look for, beside what the other files here do.
#include "tasks.hpp"

#include <bulkhead/gather.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include <unistd.h>

using namespace test_support;
using bulkhead::errc;
using namespace std::chrono_literals;

namespace {

void leave(int32_t code) {
  ::_exit(code);
}

int32_t read_deadly(const deadly&) {
  return 1;
}

deadly write_deadly() {
  return {1};
}

} // namespace

TEST_CASE("an exit code is in the certificate of the task that left, and in no other") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto left = pool.submit<&leave>(99).get();
  REQUIRE_FALSE(left);
  auto death = bulkhead::death_of(left.error());
  REQUIRE(death);
  CHECK(death->cause == bulkhead::death_cause::exited);
  CHECK(death->status == 99);
  CHECK(pool.submit<&tasks::square>(3).get() == 9);
}

TEST_CASE("a task that kills each worker that reads it fails, and all others get their results") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  gate door;
  std::vector<bulkhead::future<int32_t>> good;
  for (int32_t i = 0; i < 2; ++i)
    good.push_back(pool.submit<&tasks::wait_at>(door.path(), i * i));
  std::vector<bulkhead::future<int32_t>> bad;
  for (int32_t i = 2; i < 100; ++i) {
    good.push_back(pool.submit<&tasks::square>(i));
    if (i % 40 == 0)
      bad.push_back(pool.submit<&read_deadly>(deadly{2}));
  }
  door.open();
  for (auto& x : bad)
    CHECK(x.get().error() == errc::worker_lost);
  // Who ran while another was read may have died of that.
  int32_t lost = 0;
  for (int32_t i = 0; i < 100; ++i) {
    auto result = good[static_cast<size_t>(i)].get();
    CHECK((result == i * i || result.error() == errc::worker_lost));
    lost += result ? 0 : 1;
  }
  CHECK(lost <= 6);
  CHECK(pool.submit<&tasks::square>(3).get() == 9);
}

TEST_CASE("a lone task that kills each worker that reads it fails") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  CHECK(pool.submit<&read_deadly>(deadly{2}).get().error() == errc::worker_lost);
  CHECK(pool.submit<&read_deadly>(deadly{0}).get() == 1);
}

TEST_CASE("a result whose writing kills the worker is the error of that task alone") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto bad = pool.submit<&write_deadly>();
  auto good = pool.submit<&tasks::square>(3);
  CHECK(bad.get().error() == errc::worker_lost);
  CHECK(good.get() == 9);
}

TEST_CASE("a worker that dies after the shutdown was ordered holds nothing up") {
  host_fixture f;
  gate door;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  auto held = pool.submit(
    [](const std::string& path) {
      tasks::wait_at(path, 1);
      tasks::crash(1);
    },
    door.path());
  auto good = pool.submit<&tasks::square>(5);
  pool.shutdown();
  door.open();
  CHECK(pool.shutdown_and_wait() == caf::error{});
  CHECK(held.get().error() == errc::worker_lost);
  CHECK(good.get() == 25);
}

TEST_CASE("a task that was cancelled just before the shutdown holds nothing up") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  CHECK(pool.submit<&tasks::square>(1).get() == 1);
  auto last = pool.submit<&tasks::square>(2);
  auto cancelled = last.cancel();
  CHECK(pool.shutdown_and_wait() == caf::error{});
  auto result = last.get();
  CHECK(cancelled == !result);
  CHECK(last.cancel() == cancelled); // however often it is asked
}

TEST_CASE("a pool that is full has as many workers as it may, and one that is not uses the same again") {
  host_fixture f;
  gate door;
  bulkhead::executor pool{f.sys, {.workers_max = 3}};
  auto first = pool.submit<&tasks::process_id>().get();
  CHECK(pool.submit<&tasks::process_id>().get() == first);
  CHECK(pool.workers() == 1);
  std::vector<bulkhead::future<int32_t>> all;
  for (int32_t i = 0; i < 15 * 3; ++i)
    all.push_back(pool.submit<&tasks::wait_at>(door.path(), i));
  CHECK(pool.workers() == 3);
  door.open();
  for (int32_t i = 0; i < 15 * 3; ++i)
    CHECK(all[static_cast<size_t>(i)].get() == i);
}

TEST_CASE("a pool whose workers are worn out ends its tasks, though its last handle is gone") {
  host_fixture f;
  auto children = count_children();
  gate door;
  std::vector<bulkhead::future<int32_t>> all;
  bulkhead::future<int32_t> failing;
  {
    bulkhead::executor pool{f.sys, {.workers_max = 2, .tasks_per_worker_max = 1}};
    for (int32_t i = 0; i < 6; ++i)
      all.push_back(pool.submit<&tasks::wait_at>(door.path(), i));
    failing = pool.submit<&tasks::throw_out_of_range>(1);
  }
  door.open();
  for (int32_t i = 0; i < 6; ++i)
    CHECK(all[static_cast<size_t>(i)].get() == i);
  CHECK(failing.get().error() == errc::task_failed);
  CHECK(eventually([&] { return count_children() == children; }));
}

TEST_CASE("arguments are given back when their task has ended, also if nobody looks at its result") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  (void) pool.submit([](const bulkhead::bytes& x) { return static_cast<int32_t>(x.size()); },
                     bulkhead::bytes{caf::byte_buffer(size_t{1} << 16)});
  CHECK(eventually([&] { return pool.unfinished() == 0 && bulkhead::payloads_of(f.sys).lent == 0; }));
}

TEST_CASE("a future that is done answers at once, whatever it holds") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  gate door;
  auto held = pool.submit<&tasks::wait_at>(door.path(), 1);
  auto cancelled = pool.submit<&tasks::square>(1);
  CHECK(cancelled.cancel());
  CHECK(held.wait_for(0ns).error() == caf::sec::request_timeout);
  CHECK(cancelled.wait_for(0ns).error() == errc::cancelled);
  door.open();
  CHECK(held.get() == 1);
  CHECK(held.wait_for(0ns) == 1);
  CHECK_FALSE(held.cancel());
}

TEST_CASE("who waits for a task is told when another thread cancels it") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  scratch_file begun;
  auto hanging = pool.submit<&tasks::hang>(begun.path());
  std::thread other{[&] {
    CHECK(eventually([&] { return begun.size() == 1; }));
    CHECK(hanging.cancel());
  }};
  CHECK(hanging.get().error() == errc::cancelled);
  other.join();
}

TEST_CASE("the same future may be waited for several times in one go") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto x = pool.submit<&tasks::square>(3);
  CHECK(bulkhead::wait_all(std::vector{x, x, x}).get());
  CHECK(bulkhead::gather(std::vector{x, x}).get() == std::vector<int32_t>{9, 9});
  for (auto& y : bulkhead::as_completed(std::vector{x, x}))
    CHECK(y.get() == 9);
  CHECK(bulkhead::first_completed(std::vector{x, x}).get() == size_t{0});
}

TEST_CASE("what is done already comes first, also if it was cancelled or failed") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  gate door;
  auto held = pool.submit<&tasks::wait_at>(door.path(), 1);
  auto cancelled = pool.submit<&tasks::square>(1);
  CHECK(cancelled.cancel());
  std::vector all{held, cancelled};
  CHECK(bulkhead::first_completed(all).get() == size_t{1});
  CHECK(bulkhead::gather(all).get().error() == errc::cancelled);
  auto in_order = bulkhead::as_completed(all);
  CHECK(in_order[0].get().error() == errc::cancelled);
  CHECK_FALSE(in_order[1].ready());
  CHECK(bulkhead::wait_all(all).wait_for(0ns).error() == caf::sec::request_timeout);
  door.open();
  CHECK(in_order[1].get() == 1);
}
