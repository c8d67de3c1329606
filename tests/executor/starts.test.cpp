// Catches a pool that one failed start of a worker breaks, tasks that wait without end for a worker that never comes, and an end that is
// told while processes still exist.
#include "tasks.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>
#include <stdexcept>

using namespace test_support;
using bulkhead::errc;
using namespace std::chrono_literals;

namespace {

void connect(const std::string& down) {
  if (std::filesystem::exists(down))
    throw std::runtime_error{"the database restarts"};
}

// Fails so often, then no more.
void fail_first(const std::string& trace, uint64_t times) {
  tasks::leave_trace(trace);
  if (std::filesystem::file_size(trace) <= times)
    throw std::runtime_error{"not yet"};
}

std::vector<bulkhead::supervision_incident> incidents_of(caf::scoped_actor& self, size_t count) {
  std::vector<bulkhead::supervision_incident> result;
  while (result.size() < count) {
    auto event = next<bulkhead::supervision_event>(self);
    if (!event)
      break;
    if (event->what == bulkhead::supervision_incident::executor_down
        || event->what == bulkhead::supervision_incident::executor_up)
      result.push_back(event->what);
  }
  return result;
}

} // namespace

TEST_CASE("while a worker cannot be replaced, the others serve, and it is replaced when that is possible again") {
  host_fixture f;
  scratch_file down;
  bulkhead::executor pool{f.sys,
                          {.workers_min = 2, .workers_max = 2, .initializer = bulkhead::call<&connect>(down.path())}};
  REQUIRE(eventually([&] { return pool.status().workers_ready == 2; }));
  auto victim = pool.submit<&tasks::process_id>().get();
  REQUIRE(victim);
  std::ofstream{down.path()} << "1";
  ::kill(*victim, SIGKILL);
  REQUIRE(eventually([&] { return pool.status().failed_starts > 0; }));
  CHECK(pool.status().start_error == errc::constructor_failed);
  for (int32_t i = 0; i < 10; ++i)
    CHECK(pool.submit<&tasks::square>(i).get() == i * i);
  std::filesystem::remove(down.path());
  CHECK(eventually([&] { return pool.status().workers_ready == 2; }));
  CHECK(pool.status().failed_starts == 0);
  CHECK_FALSE(pool.status().start_error);
}

TEST_CASE("tasks wait while starts fail that succeed a moment later") {
  host_fixture f;
  scratch_file trace;
  bulkhead::executor pool{f.sys,
                          {.workers_max = 1, .initializer = bulkhead::call<&fail_first>(trace.path(), uint64_t{3})}};
  CHECK(pool.submit<&tasks::square>(3).get() == 9);
  CHECK(trace.size() == 4);
}

TEST_CASE("a pool whose program or folder is away for a while serves when it is back") {
  host_fixture f;
  scratch_file folder;
  bulkhead::executor pool{f.sys, {.workers_max = 1, .worker = {.working_directory = folder.path()}}};
  CHECK_FALSE(pool.submit<&tasks::square>(3).get());
  CHECK(pool.status().down);
  std::filesystem::create_directory(folder.path());
  CHECK(eventually([&] { return pool.submit<&tasks::square>(3).get() == 9; }));
  CHECK_FALSE(pool.status().down);
}

TEST_CASE("those who subscribed are told when a pool has no worker and cannot start one, and when it can again") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  f.host.subscribe(caf::actor_cast<caf::actor>(self));
  scratch_file down;
  std::ofstream{down.path()} << "1";
  bulkhead::executor pool{f.sys, {.workers_max = 1, .initializer = bulkhead::call<&connect>(down.path())}};
  auto failed = pool.submit<&tasks::square>(3).get();
  REQUIRE_FALSE(failed);
  CHECK(failed.error() == errc::constructor_failed);
  std::filesystem::remove(down.path());
  CHECK(eventually([&] { return pool.submit<&tasks::square>(3).get() == 9; }));
  using bulkhead::supervision_incident;
  CHECK(incidents_of(self, 2) == std::vector{supervision_incident::executor_down, supervision_incident::executor_up});
}

TEST_CASE("when a shutdown was waited for, no process of the pool is left") {
  host_fixture f;
  auto before = count_children();
  for (uint64_t per_worker : {0, 1, 2})
    for (int i = 0; i < 5; ++i) {
      bulkhead::executor pool{f.sys, {.workers_max = 3, .tasks_per_worker_max = per_worker}};
      std::vector<bulkhead::future<int32_t>> all;
      for (int32_t k = 0; k < 6; ++k)
        all.push_back(pool.submit<&tasks::square>(k));
      CHECK(pool.shutdown_and_wait() == caf::error{});
      CHECK(count_children() == before);
      CHECK(f.host.live_workers() == 0);
    }
}
