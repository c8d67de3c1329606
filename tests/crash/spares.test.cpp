// Processes that wait for an actor: when they are taken, when they die, and what is left of them.
#include "child_host.hpp"
#include "supervised_actors.hpp"

#include "support/stage.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <set>
#include <sstream>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using test_support::host_fixture;

namespace {

worker_options with_one_spare() {
  auto result = supervised();
  result.spares = 1;
  return result;
}

bool spare_is_ready(host_fixture& where) {
  return eventually([&] { return where.host.ready_spares() == 1; });
}

int32_t clerk_pid(caf::scoped_actor& self, const caf::actor& clerk) {
  auto pid = ask<int32_t>(self, clerk, caf::get_atom_v);
  REQUIRE(pid);
  return *pid;
}

void kill_and_wait(int32_t pid) {
  ::kill(pid, SIGKILL);
  REQUIRE(eventually([&] { return !process_runs(pid); }));
}

// The only child that is not `other`.
int32_t pid_of_spare(int32_t other) {
  int32_t found = 0;
  REQUIRE(eventually([&] {
    auto all = test_support::children();
    std::erase(all, other);
    found = all.size() == 1 ? all.front() : 0;
    return found != 0;
  }));
  return found;
}

} // namespace

TEST_CASE("a spare takes over from a worker that dies, as its next incarnation, and another one is made ready") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    auto clerk = spawn_clerk(here, with_one_spare(), book);
    event_log events{here};
    caf::scoped_actor self{here.sys};
    for (uint32_t round = 1; round <= 3; ++round) {
      REQUIRE(spare_is_ready(here));
      auto pid = clerk_pid(self, clerk);
      auto spare = pid_of_spare(pid);
      ::kill(pid, SIGKILL);
      REQUIRE(eventually([&] { return events.count(supervision_incident::restarted) == round; }));
      CHECK(clerk_pid(self, clerk) == spare);
      CHECK(events.all().back().incarnation == round + 1);
      CHECK(events.all().back().pid == spare);
    }
    CHECK(spare_is_ready(here));
    CHECK(here.host.live_workers() == 2);
  }
  before.check();
}

TEST_CASE("a spare that dies while it waits is made up for, and nobody else notices") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    auto options = with_one_spare();
    options.restart.restarts_max = 5;
    options.restart.within = 24h;
    auto clerk = spawn_clerk(here, options, book);
    event_log events{here};
    caf::scoped_actor self{here.sys};
    auto pid = clerk_pid(self, clerk);
    for (int round = 0; round < 4; ++round) {
      REQUIRE(spare_is_ready(here));
      auto spare = pid_of_spare(pid);
      kill_and_wait(spare);
      REQUIRE(eventually([&] { return pid_of_spare(pid) != spare && here.host.ready_spares() == 1; }));
    }
    CHECK(clerk_pid(self, clerk) == pid);
    CHECK(events.all().empty());
    // The worker has died less often than its policy allows.
    for (int round = 0; round < 5; ++round)
      kill_and_wait(clerk_pid(self, clerk));
    CHECK(ask<int32_t>(self, clerk, caf::get_atom_v));
  }
  before.check();
}

TEST_CASE("spares that keep dying are reported and not made up for, and the worker is replaced without") {
  host_fixture here;
  diary book;
  auto options = with_one_spare();
  options.restart.restarts_max = 1;
  options.restart.within = 24h;
  auto clerk = spawn_clerk(here, options, book);
  event_log events{here};
  caf::scoped_actor self{here.sys};
  auto pid = clerk_pid(self, clerk);
  REQUIRE(spare_is_ready(here));
  auto first = pid_of_spare(pid);
  kill_and_wait(first);
  REQUIRE(eventually([&] { return pid_of_spare(pid) != first && here.host.ready_spares() == 1; }));
  kill_and_wait(pid_of_spare(pid));
  REQUIRE(eventually([&] { return events.count(supervision_incident::spares_failed) == 1; }));
  auto told = events.all().back();
  CHECK(told.incarnation == 0);
  CHECK(told.death.status == SIGKILL);
  CHECK(here.host.ready_spares() == 0);
  CHECK(eventually([&] { return here.host.live_workers() == 1; }));
  kill_and_wait(pid);
  CHECK(clerk_pid(self, clerk) != pid);
}

TEST_CASE("a spare that is killed in the moment in which it takes over delays the restart and loses nothing") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    auto clerk = spawn_clerk(here, with_one_spare(), book);
    caf::scoped_actor self{here.sys};
    constexpr int32_t rounds = 12;
    for (int32_t round = 0; round < rounds; ++round) {
      REQUIRE(spare_is_ready(here));
      auto pid = clerk_pid(self, clerk);
      auto spare = pid_of_spare(pid);
      test_support::gate gate;
      self->send(clerk, caf::tick_atom_v, gate.path());
      REQUIRE(book.wait_for(static_cast<size_t>(2 * round) + 1));
      self->send(clerk, caf::add_atom_v, int32_t{1}, round);
      auto spare_first = round % 2 == 0;
      ::kill(spare_first ? spare : pid, SIGKILL);
      ::kill(spare_first ? pid : spare, SIGKILL);
      REQUIRE(book.wait_for(static_cast<size_t>(2 * round) + 2));
    }
    auto numbers = book.entries()[1];
    CHECK(numbers.size() == static_cast<size_t>(rounds));
    CHECK(std::is_sorted(numbers.begin(), numbers.end()));
  }
  before.check();
}

TEST_CASE("workers that die faster than spares become ready are replaced by new processes") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    auto clerk = spawn_clerk(here, with_one_spare(), book);
    caf::scoped_actor self{here.sys};
    std::set<int32_t> seen;
    for (int round = 0; round < 20; ++round) {
      auto pid = clerk_pid(self, clerk);
      CHECK(seen.insert(pid).second);
      kill_and_wait(pid);
    }
    CHECK(ask<int32_t>(self, clerk, caf::get_atom_v));
    CHECK(spare_is_ready(here));
  }
  before.check();
}

TEST_CASE("spares end with the last actor of their options, and with the system, ready or not") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    {
      auto options = with_one_spare();
      options.spares = 3;
      auto clerk = spawn_clerk(here, options, book);
      auto other = spawn_clerk(here, options, book);
      REQUIRE(eventually([&] { return here.host.ready_spares() == 3; }));
      CHECK(here.host.live_workers() == 5);
      other = nullptr;
      CHECK(eventually([&] { return here.host.live_workers() == 4; }));
      CHECK(here.host.ready_spares() == 3);
    }
    CHECK(eventually([&] { return here.host.live_workers() == 0; }));
    CHECK(here.host.ready_spares() == 0);
  }
  before.check();
  for (int round = 0; round < 5; ++round) {
    host_fixture here;
    diary book;
    auto clerk = spawn_clerk(here, with_one_spare(), book);
    if (round % 2 == 0)
      CHECK(spare_is_ready(here));
  }
  before.check();
}

TEST_CASE("a spawn takes a spare that was started with the same options, and no other one") {
  leftovers before;
  {
    host_fixture here;
    worker_options options;
    options.spares = 1;
    auto first = here.host.spawn("victim", options);
    REQUIRE(first);
    REQUIRE(spare_is_ready(here));
    auto first_pid = pid_of(here.sys, *first);
    auto spare = pid_of_spare(first_pid);
    auto different = options;
    different.stop_timeout = 2s;
    different.spares = 0;
    auto stranger = here.host.spawn("victim", different);
    REQUIRE(stranger);
    CHECK(pid_of(here.sys, *stranger) != spare);
    auto second = here.host.spawn("victim", options);
    REQUIRE(second);
    CHECK(pid_of(here.sys, *second) == spare);
    // What cannot be spawned costs one, and leaves nothing.
    REQUIRE(spare_is_ready(here));
    auto failed = here.host.spawn("no such actor", options);
    REQUIRE_FALSE(failed);
    CHECK(failed.error() == errc::unknown_actor);
    CHECK(spare_is_ready(here));
    *first = *second = nullptr;
    CHECK(eventually([&] { return here.host.live_workers() == 1; }));
  }
  before.check();
}

TEST_CASE("no spare survives a host that is killed") {
  leftovers before;
  {
    auto child = start_child_host("host", {"HOST_SPARES=1"});
    std::istringstream lines{read_output(child, "ready")};
    std::set<int> all{std::istream_iterator<int>{lines}, {}};
    REQUIRE(all.size() == 3);
    child.process.kill(SIGKILL);
    CHECK(child.process.reap_within(test_support::patience));
    for (auto pid : all)
      CHECK(eventually([pid] { return !process_runs(pid); }));
  }
  before.check();
}
