// Handles of actors as content of messages.

#include "conformance/actors.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <set>

using namespace conformance;
using namespace test_support;

namespace {

/// Gives back handles, keeps some, remembers others, and hands out its own.
caf::behavior porter(caf::event_based_actor* self) {
  auto kept = std::make_shared<std::vector<caf::actor>>();
  auto seen = std::make_shared<std::set<caf::actor_addr>>();
  return {
    [](const caf::actor& who) { return who; },
    [](const caf::strong_actor_ptr& who) { return who; },
    [](const std::vector<caf::actor>& all) { return all; },
    [=](caf::get_atom) { return caf::actor{self}; },
    [=](caf::spawn_atom) { return caf::actor{self->spawn(porter)}; },
    [=](caf::put_atom, const caf::actor& who) { kept->push_back(who); },
    [=](caf::forward_atom, const std::string& text) { return self->delegate(kept->back(), text); },
    [=](caf::monitor_atom, const caf::actor& who) { seen->insert(who.address()); },
    [=](caf::monitor_atom, const caf::strong_actor_ptr& who) { return seen->count(who->get()->address()) > 0; },
  };
}

const known_actor porter_known{bulkhead::heavy<"porter", porter>::add_to};

} // namespace

TEST_CASE("a handle comes back equal from a round trip, and works") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto over = s.spawn_together("porter");
  auto who = s.sys.spawn(porter);
  SECTION("of an actor in the host") {}
  SECTION("of the actor itself") {
    who = over;
  }
  SECTION("of another actor of the same worker") {
    who = s.spawn_together("porter");
  }
  SECTION("of an actor of another worker") {
    who = s.spawn("porter");
  }
  SECTION("of an actor that an actor of the same worker spawned") {
    who = ask<caf::actor>(s.self, s.spawn_together("porter"), caf::spawn_atom_v).value();
  }
  SECTION("of an actor that an actor of another worker spawned") {
    who = ask<caf::actor>(s.self, s.spawn("porter"), caf::spawn_atom_v).value();
  }
  auto back = ask<caf::actor>(s.self, over, who);
  REQUIRE(back);
  CHECK(*back == who);
  CHECK(back->id() == who.id());
  CHECK(back->node() == who.node());
  CHECK(ask<caf::actor>(s.self, *back, caf::get_atom_v) == who);
  // Inside the worker it is the same actor too, whatever way it came.
  REQUIRE(ask<void>(s.self, over, caf::monitor_atom_v, who));
  CHECK(ask<bool>(s.self, over, caf::monitor_atom_v, caf::actor_cast<caf::strong_actor_ptr>(*back)) == true);
}

TEST_CASE("handles of all kinds travel in one message") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto first = s.spawn_together("porter");
  std::vector<caf::actor> all{s.sys.spawn(porter), first, s.spawn_together("porter"), s.spawn("porter"),
                              caf::actor_cast<caf::actor>(s.self)};
  CHECK(ask<std::vector<caf::actor>>(s.self, first, all) == all);
  CHECK(ask<caf::strong_actor_ptr>(s.self, first, caf::strong_actor_ptr{}) == caf::strong_actor_ptr{});
}

TEST_CASE("a handle that a worker keeps keeps its actor alive") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto over = s.spawn_together("porter");
  SECTION("of an actor in the host") {
    REQUIRE(ask<void>(s.self, over, caf::put_atom_v, s.sys.spawn(echo)));
  }
  SECTION("of an actor in another worker") {
    REQUIRE(ask<void>(s.self, over, caf::put_atom_v, s.spawn("echo")));
  }
  SECTION("of an actor that another worker's actor spawned") {
    auto child = ask<caf::actor>(s.self, s.spawn("porter"), caf::spawn_atom_v).value();
    REQUIRE(ask<void>(s.self, child, caf::put_atom_v, s.spawn("echo")));
    REQUIRE(ask<void>(s.self, over, caf::put_atom_v, child));
    CHECK(ask<std::string>(s.self, over, caf::forward_atom_v, std::string{"x"}) == caf::sec::unexpected_message);
    REQUIRE(ask<void>(s.self, over, caf::put_atom_v, s.spawn("relay", s.spawn("echo"))));
  }
  for (int i = 0; i < 3; ++i) {
    // Something else happens, and then nothing for a while, which is when unused handles are looked for.
    CHECK(ask<int32_t>(s.self, s.spawn("echo"), int32_t{i}) == i);
    CHECK(ask<int32_t>(s.self, s.spawn("keeper"), caf::wait_for_atom_v, caf::timespan{std::chrono::milliseconds{120}})
          == 7);
    CHECK(ask<std::string>(s.self, over, caf::forward_atom_v, std::string{"kept"}) == std::string{"kept"});
  }
}

TEST_CASE("an actor keeps and uses the handle of whoever asks") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto from = s.spawn("puppet");
  s.self->send(from, caf::forward_atom_v, caf::actor_cast<caf::actor>(s.self),
               caf::make_message(caf::actor_cast<caf::actor>(s.self), int32_t{1}));
  caf::actor got;
  s.self->receive([&](caf::actor& me, int32_t) { got = me; }, caf::after(patience) >> [] {});
  CHECK(got == caf::actor_cast<caf::actor>(s.self));
}

TEST_CASE("requests to a dead actor fail, wherever its handle has gone") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto over = s.spawn_together("puppet");
  auto who = s.spawn("echo");
  SECTION("of another worker") {}
  SECTION("of the same worker") {
    who = s.spawn_together("echo");
  }
  SECTION("of the host") {
    who = s.sys.spawn(echo);
  }
  SECTION("of the host, known to the worker before") {
    who = s.sys.spawn(echo);
    REQUIRE(ask<std::string>(s.self, over, caf::get_atom_v, who, std::string{"x"}));
  }
  s.self->monitor(who);
  s.self->send_exit(who, caf::exit_reason::user_shutdown);
  REQUIRE(end_of(s.self, who));
  CHECK(ask<std::string>(s.self, who, std::string{"x"}) == caf::sec::request_receiver_down);
  CHECK(ask<std::string>(s.self, over, caf::get_atom_v, who, std::string{"x"}) == caf::sec::request_receiver_down);
}
