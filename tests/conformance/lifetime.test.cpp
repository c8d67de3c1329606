// When actors and their workers end.

#include "conformance/actors.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>

using namespace conformance;
using namespace test_support;

namespace {

// Tells `observer` that it is there, and that it is gone.
struct mourner_state {
  caf::actor observer;

  ~mourner_state() {
    if (observer)
      caf::anon_send(observer, caf::close_atom_v);
  }
};

caf::behavior mourner(caf::stateful_actor<mourner_state>* self, caf::actor observer) {
  self->state.observer = std::move(observer);
  return {
    [](int32_t number) { return number; },
    [](const caf::actor&) {},
  };
}

// Spawns the actor `name` and asks it something. Tells `to` the answer.
void spawn_and_ask(caf::event_based_actor* self, stage& s, const std::string& name, const caf::actor& to) {
  s.host.spawn_async(self, name, s.options)
    .then(
      [=](const caf::actor& made) {
        self->request(made, patience, int32_t{7}).then([=](int32_t answer) { self->send(to, answer); });
      },
      [=](const caf::error& reason) { self->send(to, reason); });
}

// In a worker: talks to an actor of the host now and then, keeps nothing.
caf::behavior visitor(caf::event_based_actor* self) {
  return {
    [=](const caf::actor& host_actor, int32_t count) {
      for (int32_t i = 0; i < count; ++i)
        self->send(host_actor, i);
    },
    [](int32_t) {},
    [](caf::get_atom, int32_t number) { return number; },
  };
}

// Answers nothing.
caf::behavior listener(caf::event_based_actor*) {
  return {
    [](int32_t) {},
  };
}

const known_actor mourner_known{bulkhead::heavy<"mourner", mourner>::add_to};
const known_actor visitor_known{bulkhead::heavy<"visitor", visitor>::add_to};

} // namespace

TEST_CASE("an actor that nobody refers to any more ends, and its worker with it") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto me = caf::actor_cast<caf::actor>(s.self);
  SECTION("at once") {
    s.spawn("mourner", me);
  }
  SECTION("after a request") {
    auto who = s.spawn("mourner", me);
    CHECK(ask<int32_t>(s.self, who, int32_t{1}) == 1);
  }
  SECTION("long after the last message") {
    auto who = s.spawn("mourner", me);
    CHECK(ask<int32_t>(s.self, s.spawn("keeper"), caf::wait_for_atom_v, long_after) == 7);
  }
  SECTION("after its handle was in a message to itself") {
    auto who = s.spawn("mourner", me);
    s.self->send(who, who);
    CHECK(ask<int32_t>(s.self, who, int32_t{1}) == 1);
  }
  SECTION("after it was in a message to another worker") {
    auto who = s.spawn("mourner", me);
    auto other = s.spawn("puppet");
    REQUIRE(ask<void>(s.self, other, caf::forward_atom_v, who, caf::make_message(int32_t{1})));
  }
  CHECK(next<caf::close_atom>(s.self));
  CHECK(eventually([&] { return s.host.live_workers() == 0; }));
  CHECK(eventually([] { return count_children() == 0; }));
}

TEST_CASE("an actor that another actor refers to stays") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto keeps = s.spawn("relay", s.spawn("echo"));
  for (int i = 0; i < 3; ++i) {
    CHECK(ask<std::string>(s.self, keeps, std::string{"x"}) == std::string{"x"});
    CHECK(ask<int32_t>(s.self, s.spawn("keeper"), caf::wait_for_atom_v, long_after) == 7);
  }
  keeps = nullptr;
  CHECK(eventually([&] { return s.host.live_workers() == 0; }));
}

TEST_CASE("a monitor outlives the last handle of the actor that it waits for") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  SECTION("which ends because of that") {
    s.self->monitor(s.spawn("echo"));
    auto report = next<caf::down_msg>(s.self);
    REQUIRE(report);
    CHECK(report->reason == caf::make_error(caf::exit_reason::unreachable));
  }
  SECTION("which another actor refers to") {
    auto who = s.spawn("puppet");
    auto other = s.spawn_together("relay", who);
    auto reason = caf::make_error(caf::sec::invalid_argument, "why");
    s.self->monitor(who);
    who = nullptr;
    CHECK(ask<int32_t>(s.self, s.spawn("keeper"), caf::wait_for_atom_v, long_after) == 7);
    // It lives as long as the relay knows it.
    s.self->send_exit(other, caf::exit_reason::user_shutdown);
    other = nullptr;
    auto report = next<caf::down_msg>(s.self);
    REQUIRE(report);
    CHECK(report->reason == caf::make_error(caf::exit_reason::unreachable));
  }
}

TEST_CASE("light actors that nobody knows any more end while the process is busy") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto heavy = s.spawn("visitor");
  constexpr int32_t count = 6'000;
  size_t most = 0;
  for (int32_t i = 0; i < count; ++i) {
    s.self->send(heavy, s.sys.spawn(listener), int32_t{1});
    CHECK(ask<int32_t>(s.self, heavy, caf::get_atom_v, i) == i);
    most = std::max(most, s.sys.registry().running());
  }
  CHECK(most < count - 1'000);
}

TEST_CASE("a worker ends when its last actor has quit") {
  stage s{place::in_worker};
  auto who = s.spawn("puppet");
  CHECK(s.host.live_workers() == 1);
  s.self->send(who, caf::close_atom_v, caf::error{});
  CHECK(eventually([&] { return s.host.live_workers() == 0; }));
  CHECK(ask<int32_t>(s.self, who, int32_t{1}) == caf::sec::request_receiver_down);
}

TEST_CASE("actors spawn without blocking") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto me = caf::actor_cast<caf::actor>(s.self);
  auto run = [&](const std::string& name) {
    s.sys.spawn([&s, name, me](caf::event_based_actor* self) { spawn_and_ask(self, s, name, me); });
  };
  SECTION("one") {
    run("echo");
    CHECK(next<int32_t>(s.self) == 7);
  }
  SECTION("many at once") {
    constexpr int count = 5;
    for (int i = 0; i < count; ++i)
      run("echo");
    for (int i = 0; i < count; ++i)
      CHECK(next<int32_t>(s.self) == 7);
  }
  SECTION("one that does not exist") {
    run("nobody");
    CHECK(next<caf::error>(s.self) == caf::make_error(bulkhead::errc::unknown_actor));
  }
}

TEST_CASE("a worker takes several actors, which live and end on their own") {
  stage s{place::in_worker};
  auto common = s.host.start_worker();
  REQUIRE(common);
  auto first = common->spawn("echo").value();
  auto second = common->spawn("relay", first).value();
  CHECK(s.host.live_workers() == 1);
  CHECK(ask<std::string>(s.self, second, std::string{"x"}) == std::string{"x"});
  s.self->monitor(first);
  s.self->send_exit(first, caf::exit_reason::kill);
  REQUIRE(end_of(s.self, first));
  CHECK(ask<std::string>(s.self, second, std::string{"x"}) == caf::sec::request_receiver_down);
  s.self->monitor(second);
  s.self->send_exit(second, caf::exit_reason::user_shutdown);
  REQUIRE(end_of(s.self, second));
  // It was started to stay.
  CHECK(common->alive());
  auto third = common->spawn("echo").value();
  CHECK(ask<int32_t>(s.self, third, int32_t{3}) == 3);
  s.self->monitor(third);
  common->stop();
  CHECK(end_of(s.self, third) == caf::make_error(caf::exit_reason::user_shutdown));
  CHECK(eventually([&] { return s.host.live_workers() == 0; }));
  CHECK(common->spawn("echo") == bulkhead::errc::shutting_down);
}

TEST_CASE("the system ends when light actors that talked to heavy ones become unreachable") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  auto rounds = GENERATE(range(0, 3));
  CAPTURE(rounds);
  {
    stage s{where};
    auto heavy = s.spawn("visitor");
    for (int i = 0; i < 10; ++i) {
      auto light = s.sys.spawn(puppet);
      REQUIRE(ask<void>(s.self, light, caf::forward_atom_v, heavy, caf::make_message(int32_t{i})));
      REQUIRE(
        ask<void>(s.self, light, caf::forward_atom_v, heavy, caf::make_message(s.sys.spawn(listener), int32_t{i})));
      s.self->send(heavy, s.sys.spawn(listener), int32_t{i});
    }
    CHECK(ask<int32_t>(s.self, heavy, caf::get_atom_v, int32_t{1}) == 1);
  }
  CHECK(count_children() == 0);
}
