// The state of an actor that outlives its process. Would catch: a state that is lost although it stood in the mailbox, an older one
// that wins, a mixture of two, one that gets into the wrong hands.
#include "pool_actors.hpp"
#include "snapshot_actors.hpp"

#include <bulkhead/pool.hpp>
#include <bulkhead/snapshot.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <random>
#include <set>

#include <unistd.h>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using test_support::host_fixture;

namespace {

caf::expected<int32_t> inherited(caf::scoped_actor& self, const caf::actor& who) {
  return ask<int32_t>(self, who, caf::get_atom_v, int32_t{0});
}

// Of this process, in bytes.
size_t resident_bytes() {
  std::ifstream in{"/proc/self/statm"};
  size_t all = 0, resident = 0;
  in >> all >> resident;
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace

TEST_CASE("a state that was left right before SIGKILL is what the successor starts with, and the first process starts "
          "with none") {
  leftovers before;
  {
    host_fixture here;
    auto who = spawn_rememberer(here, supervised(), 0);
    caf::scoped_actor self{here.sys};
    CHECK(inherited(self, who) == -1);
    for (int32_t i = 1; i <= 20; ++i) {
      CHECK_FALSE(ask<int32_t>(self, who, caf::delete_atom_v, i));
      CHECK(inherited(self, who) == i);
    }
  }
  before.check();
}

TEST_CASE("of many snapshots the successor starts with the last one, and one that leaves none passes on what it got") {
  host_fixture here;
  auto who = spawn_rememberer(here, supervised(), 0);
  caf::scoped_actor self{here.sys};
  CHECK(ask<int32_t>(self, who, caf::put_atom_v, int32_t{1}, int32_t{1000}) == 1000);
  for (auto i = 0; i < 3; ++i) {
    replace_by_death(self, who);
    CHECK(inherited(self, who) == 1000);
  }
}

TEST_CASE("a counter that leaves its state in each handler never goes back, however often its process is killed") {
  leftovers before;
  {
    host_fixture here;
    auto options = supervised();
    options.spares = 1;
    auto who = spawn_rememberer(here, options, 0);
    caf::scoped_actor self{here.sys};
    int32_t highest = 0;
    auto went_back = false;
    auto take = [&](int32_t sum) {
      went_back = went_back || sum <= highest;
      highest = std::max(highest, sum);
    };
    for (auto kill = 0; kill < 100; ++kill) {
      auto pid = ask<int32_t>(self, who, caf::get_atom_v);
      REQUIRE(pid);
      auto first = self->request(who, caf::infinite, caf::add_atom_v, int32_t{1});
      auto second = self->request(who, caf::infinite, caf::add_atom_v, int32_t{1});
      if (kill % 2 == 0)
        ::kill(*pid, SIGKILL);
      first.receive(take, [](const caf::error& why) { CHECK(why == errc::worker_lost); });
      if (kill % 2 == 1)
        ::kill(*pid, SIGKILL);
      second.receive(take, [](const caf::error& why) { CHECK(why == errc::worker_lost); });
    }
    auto sum = ask<int32_t>(self, who, caf::put_atom_v, int32_t{0});
    REQUIRE(sum);
    CHECK(*sum >= highest);
    CHECK(highest >= 50);
    CHECK_FALSE(went_back);
  }
  before.check();
}

TEST_CASE("a snapshot that is too large is refused, and the one before counts") {
  host_fixture here;
  auto options = supervised();
  options.message_bytes_max = 100'000;
  auto who = spawn_rememberer(here, options, 0);
  caf::scoped_actor self{here.sys};
  CHECK(ask<int32_t>(self, who, caf::add_atom_v, int32_t{7}) == 7);
  auto told = ask<std::string>(self, who, caf::put_atom_v, uint64_t{100'000});
  REQUIRE(told);
  CHECK(told->find("message_too_large") != told->npos);
  replace_by_death(self, who);
  CHECK(inherited(self, who) == 7);
}

TEST_CASE("a snapshot that is larger than the mailbox is whole, and one that is cut off by a death does not count") {
  host_fixture here;
  auto options = supervised();
  options.mailbox_bytes = 1 << 16;
  options.spares = 1;
  auto who = spawn_rememberer(here, options, 0);
  caf::scoped_actor self{here.sys};
  constexpr uint64_t bytes = 1'000'000;
  auto told = ask<std::string>(self, who, caf::put_atom_v, bytes);
  REQUIRE(told);
  CHECK(told->empty());
  replace_by_death(self, who);
  CHECK(ask<int32_t>(self, who, caf::get_atom_v, bytes) == bytes);
  std::minstd_rand random{7};
  for (auto round = 0; round < 30; ++round) {
    auto pid = process_of(self, who);
    for (auto i = 0; i < 10; ++i) {
      caf::anon_send(who, caf::put_atom_v, int32_t{1});
      caf::anon_send(who, caf::put_atom_v, bytes + static_cast<uint64_t>(round));
    }
    for (auto looks = random() % 10; looks > 0; --looks)
      (void) process_of(self, who);
    ::kill(pid, SIGKILL);
    auto found = ask<int32_t>(self, who, caf::get_atom_v, bytes);
    REQUIRE(found);
    CHECK(*found >= static_cast<int32_t>(bytes));
  }
}

TEST_CASE("a snapshot of another type is an error in the successor, which lives") {
  host_fixture here;
  auto who = spawn_rememberer(here, supervised(), 0);
  caf::scoped_actor self{here.sys};
  CHECK(ask<std::string>(self, who, caf::get_atom_v, std::string{}) == "");
  CHECK_FALSE(ask<int32_t>(self, who, caf::delete_atom_v, int32_t{5}));
  auto told = ask<std::string>(self, who, caf::get_atom_v, std::string{});
  REQUIRE(told);
  CHECK(told->find("decode_failed") != told->npos);
  CHECK(told->find("another type") != told->npos);
  CHECK(inherited(self, who) == 5);
}

TEST_CASE("garbage that a worker left is an error in its successor, which lives") {
  host_fixture here;
  auto who = spawn_rememberer(here, supervised(), 0);
  caf::scoped_actor self{here.sys};
  CHECK_FALSE(ask<int32_t>(self, who, caf::delete_atom_v, std::string{}));
  auto told = ask<std::string>(self, who, caf::get_atom_v, std::string{});
  REQUIRE(told);
  CHECK(told->find("no snapshot") != told->npos);
  CHECK(inherited(self, who) == -1);
  CHECK(ask<int32_t>(self, who, caf::add_atom_v, int32_t{1}) == 1);
}

TEST_CASE("a worker that writes anything as its state is replaced like any other, and nobody is hurt") {
  leftovers before;
  {
    host_fixture here;
    auto bystander = here.host.spawn("victim");
    REQUIRE(bystander);
    auto options = supervised();
    options.program = child_program("hostile");
    options.arguments = {"states of anybody"};
    auto hostile = here.host.spawn("victim", options);
    REQUIRE(hostile);
    event_log events{here};
    caf::scoped_actor self{here.sys};
    auto pid = process_of(self, *bystander);
    for (size_t round = 1; round <= 3; ++round) {
      for (auto i = 0; i < 10; ++i)
        CHECK(ask<int32_t>(self, *hostile, caf::get_atom_v) == 1);
      for (auto child : test_support::children())
        if (child != pid)
          ::kill(child, SIGKILL);
      CHECK(eventually([&] { return events.count(supervision_incident::restarted) == round; }));
    }
    CHECK(answers(here.sys, *bystander));
  }
  before.check();
}

TEST_CASE("an actor that nobody succeeds is told so") {
  host_fixture here;
  caf::scoped_actor self{here.sys};
  auto times_told = [](const caf::expected<std::string>& told) {
    size_t result = 0;
    if (told)
      for (auto at = told->find("no_successor"); at != told->npos; at = told->find("no_successor", at + 1))
        ++result;
    return result;
  };
  auto supervised_one = spawn_rememberer(here, supervised(), 0);
  CHECK(times_told(ask<std::string>(self, supervised_one, caf::spawn_atom_v)) == 6);
  auto plain = here.host.spawn("lodger");
  REQUIRE(plain);
  CHECK(times_told(ask<std::string>(self, *plain, caf::get_atom_v)) == 6);
  worker_options in_host;
  in_host.where = placement::in_process;
  auto local = here.host.spawn("lodger", in_host);
  REQUIRE(local);
  CHECK(times_told(ask<std::string>(self, *local, caf::get_atom_v)) == 6);
  CHECK(snapshot(self.ptr(), int64_t{1}) == errc::no_successor);
}

TEST_CASE("a hundred thousand snapshots take the room of one in the host") {
  host_fixture here;
  auto who = spawn_rememberer(here, supervised(), 0);
  caf::scoped_actor self{here.sys};
  auto leave = [&](int count) {
    constexpr int batch = 100;
    for (auto i = 0; i < count; i += batch) {
      for (auto n = 1; n < batch; ++n)
        caf::anon_send(who, caf::put_atom_v, uint64_t{2000});
      REQUIRE(ask<std::string>(self, who, caf::put_atom_v, uint64_t{2000}) == "");
    }
  };
  leave(5000);
  auto first = resident_bytes();
  leave(100'000);
  auto grown = static_cast<int64_t>(resident_bytes()) - static_cast<int64_t>(first);
  if (!test_support::sanitized) // ASan keeps what was freed
    CHECK(grown < int64_t{64} << 20);
}

TEST_CASE("each member of a pool has a state of its own") {
  host_fixture here;
  pool_options options;
  options.workers_min = options.workers_max = 2;
  options.restart = supervised().restart;
  auto pool = here.host.pool("rememberer", options, int32_t{0});
  REQUIRE(pool);
  caf::scoped_actor self{here.sys};
  // So many at once that no member can have all of them.
  auto ask_both = [&](auto what) {
    std::set<int32_t> answers;
    CHECK(eventually([&] {
      answer_list told;
      for (auto i = 0; i < 16; ++i)
        told.ask(here.sys, *pool, what);
      CHECK(told.comes_to(16));
      for (auto x : told.values())
        answers.insert(x);
      return answers.size() >= 2;
    }));
    return answers;
  };
  auto founders = ask_both(caf::reset_atom_v);
  REQUIRE(founders.size() == 2);
  for (auto round = 0; round < 3; ++round) {
    for (auto pid : ask_both(caf::get_atom_v))
      ::kill(pid, SIGKILL);
    CHECK(ask_both(caf::reset_atom_v) == founders);
  }
}

TEST_CASE("a state with which no process can live ends the handle with the story") {
  host_fixture here;
  auto options = supervised();
  options.restart.restarts_max = 2;
  auto who = here.host.spawn("doomed", options);
  REQUIRE(who);
  caf::scoped_actor self{here.sys};
  self->monitor(*who);
  ::kill(process_of(self, *who), SIGKILL);
  auto end = test_support::end_of(self, *who);
  REQUIRE(end);
  CHECK(*end == errc::restarts_exhausted);
  CHECK(to_string(*end).find("I cannot live with that") != std::string::npos);
}
