// The state of an actor that goes on with another program. Catches a state that gets lost on the way, or into a program that takes it for
// something else.
#include "upgrade_service.hpp"

#include <catch2/catch.hpp>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;

namespace {

/// Without a snapshot, which only a handover keeps.
int32_t add(service& x, int32_t what) {
  auto count = ask<int32_t>(x.self, x.actor, caf::add_atom_v, what);
  return count ? *count : -1;
}

int32_t add_and_leave(service& x, int32_t what) {
  auto count = ask<int32_t>(x.self, x.actor, caf::add_atom_v, caf::ok_atom_v, what);
  return count ? *count : -1;
}

upgrade_options long_probation(upgrade_options next) {
  next.probation = 60s;
  return next;
}

} // namespace

TEST_CASE("a new program starts with the state of the former one, and no message is missing from it") {
  leftovers before;
  {
    service x;
    int32_t count = 0;
    for (auto& next : {version(2), version(3, "wide"), version(4, "wide")}) {
      auto done = x.here.host.upgrade(x.actor, next);
      do {
        for (auto i = 0; i < 50; ++i)
          caf::anon_send(x.actor, caf::add_atom_v, int32_t{1});
        count += 50;
        CHECK(add(x, 0) == count);
      } while (!done.ready());
      CHECK(done.get());
      CHECK(add(x, 0) == count);
    }
    CHECK(x.version() == 4);
    CHECK(x.events.count(supervision_incident::restarted) == 0);
  }
  before.check();
}

TEST_CASE(
  "the former program that returns starts with what the new one has left, if it is of its type, else with its own") {
  for (auto habit : {"dies", "wide, dies"}) {
    INFO(habit);
    service x;
    CHECK(add(x, 5) == 5);
    auto done = x.here.host.upgrade(x.actor, long_probation(version(2, habit)));
    REQUIRE(eventually([&] { return x.events.count(supervision_incident::upgraded) == 1; }));
    CHECK(add_and_leave(x, 2) == 7);
    x.self->send(x.actor, caf::get_atom_v);
    CHECK_FALSE(done.get());
    CHECK(x.version() == 1);
    CHECK(add(x, 0) == (habit == std::string{"dies"} ? 7 : 5));
  }
}
