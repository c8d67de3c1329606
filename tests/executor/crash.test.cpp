// Catches a pool that a dead worker breaks: a task that fails although it was not running, a result that is lost, a task that
// runs twice, a worker that is not replaced or a process that is left behind.
#include "tasks.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <future>
#include <memory>

using namespace test_support;
using bulkhead::errc;

namespace {

int32_t of_this_file(int32_t x) {
  return x;
}

} // namespace

TEST_CASE("a crash fails exactly the task that was running, and all others get their results") {
  auto children = count_children();
  {
    host_fixture f;
    gate door;
    bulkhead::executor pool{f.sys, {.workers_max = 1}};
    std::vector<bulkhead::future<int32_t>> good, bad;
    auto held = pool.submit<&tasks::wait_at>(door.path(), 5);
    for (int32_t i = 0; i < 100; ++i) {
      good.push_back(pool.submit<&tasks::square>(i));
      if (i % 25 == 7)
        bad.push_back(pool.submit<&tasks::crash>(i));
    }
    door.open();
    CHECK(held.get() == 5);
    for (int32_t i = 0; i < 100; ++i)
      CHECK(good[static_cast<size_t>(i)].get() == i * i);
    for (auto& x : bad) {
      auto result = x.get();
      REQUIRE_FALSE(result);
      CHECK(result.error() == errc::worker_lost);
      auto death = bulkhead::death_of(result.error());
      REQUIRE(death);
      CHECK(death->cause == bulkhead::death_cause::signaled);
      CHECK(death->status == SIGABRT);
    }
    CHECK(pool.submit<&tasks::square>(3).get() == 9);
  }
  CHECK(eventually([&] { return count_children() == children; }));
}

TEST_CASE("workers that are killed from outside again and again cost no result") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  auto patient = pool.with({.retries_max = 1000});
  size_t killed = 0;
  for (int round = 0; round < 10; ++round) {
    std::vector<bulkhead::future<int32_t>> all;
    for (int32_t i = 0; i < 300; ++i)
      all.push_back(patient.submit<&tasks::square>(i));
    if (auto victim = patient.submit<&tasks::process_id>().get()) {
      ::kill(*victim, SIGKILL);
      ++killed;
    }
    for (int32_t i = 0; i < 300; ++i)
      CHECK(all[static_cast<size_t>(i)].get() == i * i);
  }
  CHECK(killed == 10);
}

TEST_CASE("a task that killed its worker is tried again as often as its options say") {
  host_fixture f;
  scratch_file mark;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  CHECK(pool.submit<&tasks::crash>(1).get().error() == errc::worker_lost);
  CHECK(pool.with({.retries_max = 1}).submit<&tasks::crash_once>(mark.path()).get() == 1);
  CHECK(pool.with({.retries_max = 2}).submit<&tasks::crash>(1).get().error() == errc::worker_lost);
}

TEST_CASE("a task that waits behind a long one moves to a worker that has nothing to do") {
  host_fixture f;
  gate door;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  auto held = pool.submit<&tasks::wait_at>(door.path(), 1);
  std::vector<bulkhead::future<int32_t>> others;
  for (int32_t i = 0; i < 50; ++i)
    others.push_back(pool.submit<&tasks::square>(i));
  for (int32_t i = 0; i < 50; ++i)
    CHECK(others[static_cast<size_t>(i)].get() == i * i);
  CHECK_FALSE(held.ready());
  door.open();
  CHECK(held.get() == 1);
}

TEST_CASE("an idle worker that is killed is replaced when the next task comes") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto first = pool.submit<&tasks::process_id>().get();
  REQUIRE(first);
  ::kill(*first, SIGKILL);
  REQUIRE(eventually([&] { return f.host.live_workers() == 0; }));
  auto second = pool.submit<&tasks::process_id>().get();
  REQUIRE(second);
  CHECK(*second != *first);
}

TEST_CASE("a result that is larger than the mailbox is with the host before the next task can end its worker") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1, .worker = {.mailbox_bytes = uint32_t{1} << 16}}};
  for (int round = 0; round < 5; ++round) {
    auto make = [](uint64_t size) { return std::string(size, 'x'); };
    auto large = pool.submit(make, uint64_t{1} << 20);
    auto small = pool.submit(make, uint64_t{1} << 13); // waits behind the large one
    auto crashed = pool.submit<&tasks::crash>(1);
    CHECK(crashed.get().error() == errc::worker_lost);
    CHECK(large.get() == std::string(size_t{1} << 20, 'x'));
    CHECK(small.get() == std::string(size_t{1} << 13, 'x'));
  }
}

TEST_CASE("a certificate names the function of the task that ran last") {
  host_fixture f;
  auto seen = std::make_shared<std::promise<bulkhead::death_certificate>>();
  auto result = seen->get_future();
  auto listener = f.sys.spawn([seen](caf::event_based_actor* self) -> caf::behavior {
    self->set_default_handler(caf::drop);
    return {[seen](const bulkhead::death_certificate& what) { seen->set_value(what); }};
  });
  f.host.subscribe(listener);
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  REQUIRE(pool.submit<&tasks::square>(3).get() == 9);
  REQUIRE(pool.submit<&of_this_file>(3).get() == 3);
  REQUIRE(pool.submit([](int32_t x) { return x; }, int32_t{4}).get() == 4);
  REQUIRE_FALSE(pool.submit<&tasks::crash>(1).get());
  REQUIRE(result.wait_for(patience) == std::future_status::ready);
  auto certificate = result.get();
  std::vector<std::string> marks;
  for (auto& x : certificate.events)
    if (x.what == bulkhead::worker_event_kind::mark)
      marks.push_back(x.text);
  REQUIRE(marks.size() == 4);
  CHECK(marks[0] == "task tasks::square");
  CHECK(marks[1] == "task of_this_file");
  CHECK(marks[2].find("lambda") != std::string::npos);
  CHECK(marks[3] == "task tasks::crash");
}
