// Catches a typed handle whose promise is not taken for the type that a coroutine gets, and a typed actor that cannot have coroutines.
#include "actors.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <catch2/catch.hpp>

using namespace test_support;
using bulkhead::awaitable;

namespace {

counter_actor::behavior_type counter(counter_actor::pointer) {
  auto value = std::make_shared<int32_t>(0);
  return {
    [value](caf::get_atom) { return *value; },
    [value](caf::add_atom, int32_t x) { *value += x; },
  };
}

awaitable<int32_t> add_and_get(counter_actor::pointer self, counter_actor to, int32_t x) {
  co_await bulkhead::request(self, to, patience, caf::add_atom_v, x);
  co_return co_await bulkhead::request(self, to, patience, caf::get_atom_v);
}

// Adds to itself what it adds to another one.
counter_actor::behavior_type twin(counter_actor::pointer self, counter_actor other) {
  return {
    [=](caf::get_atom) { return co_respond(self, add_and_get(self, other, 1)); },
    [=](caf::add_atom, int32_t x) -> caf::result<void> {
      return co_respond(self, [](counter_actor::pointer me, counter_actor to, int32_t y) -> awaitable<> {
        co_await add_and_get(me, to, y);
      }(self, other, x));
    },
  };
}

} // namespace

TEST_CASE("a typed handle says what an awaited request gives, and typed actors have coroutines, too") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto actor = f.sys.spawn(twin, f.sys.spawn(counter));
  CHECK(ask<void>(self, actor, caf::add_atom_v, int32_t{4}));
  CHECK(ask<int32_t>(self, actor, caf::get_atom_v) == 5);
  self->send_exit(actor, caf::exit_reason::user_shutdown);
}
