// Typed handles of actors in workers.

#include "conformance/actors.hpp"

#include <catch2/catch.hpp>

using namespace conformance;
using namespace test_support;

namespace {

using wider_actor = counter_actor::extend<caf::result<int32_t>(caf::sub_atom, int32_t)>;

struct counter_state {
  int32_t value = 0;
};

counter_actor::behavior_type counter(counter_actor::stateful_pointer<counter_state> self, int32_t start) {
  self->state.value = start;
  return {
    [=](caf::get_atom) { return self->state.value; },
    [=](caf::add_atom, int32_t x) { self->state.value += x; },
  };
}

wider_actor::behavior_type wider(wider_actor::pointer) {
  return {
    [](caf::get_atom) { return int32_t{1}; },
    [](caf::add_atom, int32_t) {},
    [](caf::sub_atom, int32_t x) { return -x; },
  };
}

/// Uses a typed handle from inside.
caf::behavior counter_user(caf::event_based_actor* self, counter_actor counts) {
  return {
    [=](caf::add_atom, int32_t x) {
      self->send(counts, caf::add_atom_v, x);
      return self->delegate(counts, caf::get_atom_v);
    },
    [=](caf::get_atom) { return counts; },
    [=](const counter_actor& other) { return other == counts; },
  };
}

const known_actor counter_known{bulkhead::heavy<"counter", counter>::add_to};
const known_actor wider_known{bulkhead::heavy<"wider", wider>::add_to};
const known_actor counter_user_known{bulkhead::heavy<"counter_user", counter_user>::add_to};

} // namespace

TEST_CASE("a typed actor is spawned with its own interface or a part of it") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto own = s.spawn<counter_actor>("counter", int32_t{5});
  s.self->send(own, caf::add_atom_v, int32_t{3});
  CHECK(ask<int32_t>(s.self, own, caf::get_atom_v) == 8);
  CHECK(ask<int32_t>(s.self, s.spawn<counter_actor>("wider"), caf::get_atom_v) == 1);
  CHECK(ask<int32_t>(s.self, s.spawn<wider_actor>("wider"), caf::sub_atom_v, int32_t{1}) == -1);
  CHECK(ask<int32_t>(s.self, s.spawn("wider"), caf::sub_atom_v, int32_t{1}) == -1);
}

TEST_CASE("a typed spawn of an actor with another interface fails") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  CHECK(s.host.spawn<wider_actor>("counter", s.options, int32_t{5}) == bulkhead::errc::wrong_interface);
  CHECK(s.host.spawn<counter_actor>("echo", s.options) == bulkhead::errc::wrong_interface);
  CHECK(eventually([&] { return s.host.live_workers() == 0; }));
}

TEST_CASE("a spawn with a wrong name or wrong arguments fails") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  CHECK(s.host.spawn("nobody", s.options) == bulkhead::errc::unknown_actor);
  CHECK(s.host.spawn("counter", s.options) == bulkhead::errc::wrong_arguments);
  CHECK(s.host.spawn("counter", s.options, std::string{"5"}) == bulkhead::errc::wrong_arguments);
  CHECK(s.host.spawn("echo", s.options, int32_t{1}) == bulkhead::errc::wrong_arguments);
  CHECK(eventually([&] { return s.host.live_workers() == 0; }));
}

TEST_CASE("typed handles travel in messages and as arguments of a spawn") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto counts = s.spawn_together<counter_actor>("counter", int32_t{1});
  SECTION("of the same worker") {}
  SECTION("of another worker") {
    counts = s.spawn<counter_actor>("counter", int32_t{1});
  }
  SECTION("of the host") {
    counts = s.sys.spawn(counter, int32_t{1});
  }
  auto user = s.spawn_together("counter_user", counts);
  CHECK(ask<int32_t>(s.self, user, caf::add_atom_v, int32_t{2}) == 3);
  CHECK(ask<counter_actor>(s.self, user, caf::get_atom_v) == counts);
  CHECK(ask<bool>(s.self, user, counts) == true);
}

TEST_CASE("a typed handle tells the messages that its actor takes") {
  auto where = GENERATE(place::in_host, place::in_worker);
  auto restart = GENERATE(false, true);
  CAPTURE(where, restart);
  stage s{where};
  if (where == place::in_worker && restart)
    s.options.restart.when = bulkhead::restart_when::always;
  auto own = s.spawn<counter_actor>("counter", int32_t{5});
  auto types = caf::actor_cast<caf::strong_actor_ptr>(own)->get()->message_types();
  CHECK(types.size() == 2);
  CHECK(types == s.sys.message_types<counter_actor>());
}

TEST_CASE("a typed pool tells the messages that its members take") {
  stage s{place::in_worker};
  auto pool = s.host.pool<counter_actor>("counter", {.workers_max = 1}, int32_t{5});
  REQUIRE(pool);
  CHECK(caf::actor_cast<caf::strong_actor_ptr>(*pool)->get()->message_types() == s.sys.message_types<counter_actor>());
}
