// The state of an actor whose process is replaced although it lives. Would catch: a message that was handled and is missing from
// the state, or handled again; a function that is called while a handler runs; a process that is never replaced because of it.
#include "certificates.hpp"
#include "snapshot_actors.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using test_support::host_fixture;

namespace {

worker_options spared() {
  auto result = supervised();
  result.spares = 1;
  return result;
}

bool recycle_and_wait(host_fixture& here, const event_log& events, const caf::actor& who) {
  auto before = events.count(supervision_incident::recycled);
  here.host.recycle(who);
  return eventually([&] { return events.count(supervision_incident::recycled) > before; });
}

caf::expected<int32_t> sum_of(caf::scoped_actor& self, const caf::actor& who) {
  return ask<int32_t>(self, who, caf::put_atom_v, int32_t{0});
}

void check_exact_sum(const char* name) {
  leftovers before;
  {
    INFO(name);
    host_fixture here;
    auto options = spared();
    options.recycle.messages_max = 100;
    auto who = spawn_rememberer(here, options, 1, name);
    event_log events{here};
    caf::scoped_actor self{here.sys};
    auto first = sum_of(self, who);
    REQUIRE(first);
    auto sum = *first;
    CHECK(eventually([&] {
      for (auto i = 0; i < 50; ++i)
        caf::anon_send(who, caf::put_atom_v, int32_t{1});
      sum += 50;
      auto told = sum_of(self, who);
      CHECK(told == sum);
      return events.count(supervision_incident::recycled) >= 20;
    }));
    CHECK(events.count(supervision_incident::restarted) == 0);
    CHECK(sum_of(self, who) == sum);
  }
  before.check();
}

} // namespace

TEST_CASE(
  "an actor that is recycled again and again under load hands its state over, and no message is missing from it") {
  check_exact_sum("rememberer");
}

TEST_CASE(
  "an actor with a thread of its own hands its state over between two handlers, and no message is missing from it") {
  check_exact_sum("detached rememberer");
}

TEST_CASE("an actor that is a class reads in its constructor what was left, and leaves a state there") {
  check_exact_sum("remembering class");
  host_fixture here;
  auto who = spawn_rememberer(here, supervised(), 0, "remembering class");
  caf::scoped_actor self{here.sys};
  CHECK(ask<int32_t>(self, who, caf::get_atom_v, int32_t{0}) == -1);
  replace_by_death(self, who);
  CHECK(ask<int32_t>(self, who, caf::get_atom_v, int32_t{0}) == 1000);
}

TEST_CASE("an actor that waits for messages hands its state over, whatever thread it has") {
  for (auto name : {"rememberer", "detached rememberer"}) {
    INFO(name);
    host_fixture here;
    auto who = spawn_rememberer(here, supervised(), 1, name);
    event_log events{here};
    caf::scoped_actor self{here.sys};
    for (int32_t i = 1; i <= 5; ++i) {
      CHECK(ask<int32_t>(self, who, caf::put_atom_v, int32_t{1}) == i);
      REQUIRE(recycle_and_wait(here, events, who));
    }
    CHECK(ask<int32_t>(self, who, caf::get_atom_v, int32_t{0}) == 5);
  }
}

TEST_CASE("a handler of a message that the host does not know of is finished before the state is handed over") {
  for (auto name : {"rememberer", "detached rememberer"}) {
    INFO(name);
    host_fixture here;
    auto options = spared();
    options.stop_timeout = 60s;
    auto who = spawn_rememberer(here, options, 1, name);
    event_log events{here};
    caf::scoped_actor self{here.sys};
    test_support::gate place;
    auto folder = place.path() + ".begun";
    self->send(who, caf::tick_atom_v, folder);
    REQUIRE(eventually([&] { return std::filesystem::exists(folder); }));
    std::filesystem::remove(folder);
    auto behind = self->request(who, caf::infinite, caf::put_atom_v, int32_t{10});
    here.host.recycle(who);
    behind.receive([](int32_t) {}, [](const caf::error& why) { FAIL(to_string(why)); });
    REQUIRE(eventually([&] { return events.count(supervision_incident::recycled) == 1; }));
    CHECK(sum_of(self, who) == 11);
  }
}

TEST_CASE("what is handled while a promised answer is open is in the state that is handed over") {
  host_fixture here;
  auto options = spared();
  options.stop_timeout = 60s;
  auto who = spawn_rememberer(here, options, 1);
  event_log events{here};
  caf::scoped_actor self{here.sys};
  auto promised = self->request(who, caf::infinite, caf::open_atom_v);
  CHECK(sum_of(self, who) == 0);
  // They come before the process is asked, which is thawed again and again until the promise is kept.
  for (auto i = 0; i < 100; ++i)
    caf::anon_send(who, caf::put_atom_v, int32_t{1});
  self->send(who, caf::close_atom_v, int32_t{3});
  here.host.recycle(who);
  promised.receive([](int32_t x) { CHECK(x == 3); }, [](const caf::error& why) { FAIL(to_string(why)); });
  REQUIRE(eventually([&] { return events.count(supervision_incident::recycled) == 1; }));
  CHECK(sum_of(self, who) == 100);
}

TEST_CASE("a process that goes on after it has handed its state over is asked for it again") {
  host_fixture here;
  auto options = spared();
  options.stop_timeout = 5s; // for so long an exit message stands against a replacement
  auto who = spawn_rememberer(here, options, 1);
  event_log events{here};
  caf::scoped_actor self{here.sys};
  test_support::gate gate;
  CHECK(ask<int32_t>(self, who, caf::put_atom_v, int32_t{1}) == 1);
  CHECK(ask<int32_t>(self, who, caf::link_atom_v, gate.path()) == 0);
  here.host.recycle(who);
  REQUIRE(eventually([&] { return std::filesystem::exists(gate.path() + ".begun"); }));
  caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  caf::anon_send(who, caf::put_atom_v, int32_t{10});
  gate.open();
  CHECK(eventually([&] { return events.count(supervision_incident::recycled) == 1; }));
  CHECK(events.count(supervision_incident::restarted) == 0);
  CHECK(ask<int32_t>(self, who, caf::get_atom_v, int32_t{0}) == 11);
  std::filesystem::remove(gate.path() + ".begun");
}

TEST_CASE("a handover that throws, or cannot be written, is told, and the last snapshot counts") {
  host_fixture here;
  certificate_log certificates{here};
  auto options = spared();
  auto who = spawn_rememberer(here, options, 2);
  event_log events{here};
  caf::scoped_actor self{here.sys};
  CHECK(ask<int32_t>(self, who, caf::add_atom_v, int32_t{4}) == 4);
  CHECK(ask<int32_t>(self, who, caf::put_atom_v, int32_t{1}) == 5);
  REQUIRE(recycle_and_wait(here, events, who));
  CHECK(sum_of(self, who) == 4);
  auto told = describe(certificates.the_one());
  CHECK(told.find("could not be handed over") != told.npos);
  CHECK(told.find("thrown on purpose") != told.npos);
}

TEST_CASE("a handover that takes too long, or kills its process, is a crash, and the last snapshot counts") {
  for (int32_t habit : {3, 4}) {
    INFO(habit);
    host_fixture here;
    auto options = spared();
    options.stop_timeout = 100ms;
    auto who = spawn_rememberer(here, options, habit);
    event_log events{here};
    caf::scoped_actor self{here.sys};
    CHECK(ask<int32_t>(self, who, caf::add_atom_v, int32_t{4}) == 4);
    CHECK(here.host.recycle(who));
    REQUIRE(eventually([&] { return events.count(supervision_incident::restarted) == 1; }));
    CHECK(events.count(supervision_incident::recycled) == 0);
    auto death = events.all().back().death;
    CHECK(death.cause == (habit == 3 ? death_cause::overran : death_cause::signaled));
    CHECK((habit != 3 || death.detail.find("hand its state over") != std::string::npos));
    CHECK(sum_of(self, who) == 4);
  }
}

TEST_CASE("a handover that the successor cannot read is its error, and it lives") {
  host_fixture here;
  auto who = spawn_rememberer(here, spared(), 5);
  event_log events{here};
  caf::scoped_actor self{here.sys};
  CHECK(sum_of(self, who) == 0);
  REQUIRE(recycle_and_wait(here, events, who));
  CHECK(ask<int32_t>(self, who, caf::get_atom_v, int32_t{0}) == -1);
}
