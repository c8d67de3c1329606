// A process that is replaced while a handler in it waits for an answer. Would catch: a process that stands still although its handler needs
// it; a state that is taken in the middle of a handler; a message that is handled twice or lost.
#include "snapshot_actors.hpp"

#include "crash/supervised_actors.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

using namespace crash;
using namespace bulkhead;
using test_support::ask;
using test_support::eventually;
using test_support::host_fixture;

namespace {

caf::behavior same(caf::event_based_actor*) {
  return {[](int32_t x) { return x; }};
}

// Waits in its handler: first for whom it is given, then for a child of its own.
caf::behavior waiter(caf::stateful_actor<int32_t>* self) {
  return {
    [self](const caf::actor& whom, int32_t x) {
      caf::scoped_actor inner{self->system()};
      auto first = ask<int32_t>(inner, whom, x).value();
      self->state += ask<int32_t>(inner, self->spawn(same), first).value();
      return self->state;
    },
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
  };
}

// Answers (get) with whether a request waits, and that request when (ok) comes.
caf::behavior holder(caf::event_based_actor* self) {
  auto kept = std::make_shared<std::optional<caf::response_promise>>();
  return {
    [=](int32_t) {
      *kept = self->make_response_promise();
      return **kept;
    },
    [=](caf::get_atom) { return kept->has_value(); },
    [=](caf::ok_atom, int32_t x) {
      (*kept)->deliver(x);
      kept->reset();
    },
  };
}

const test_support::known_actor waiter_known{heavy<"recycled_waiter", waiter>::add_to};

} // namespace

TEST_CASE("a handler that waits for an answer gets it before its process is replaced") {
  for (auto spares : {0U, 1U}) {
    CAPTURE(spares);
    host_fixture here;
    auto options = supervised();
    options.spares = spares;
    auto who = here.host.spawn("recycled_waiter", options);
    REQUIRE(who);
    event_log events{here};
    auto slow = here.sys.spawn(holder);
    caf::scoped_actor self{here.sys};
    for (size_t round = 1; round <= 5; ++round) {
      auto former = ask<int32_t>(self, *who, caf::get_atom_v);
      auto held = self->request(*who, test_support::patience, slow, int32_t{7});
      REQUIRE(eventually([&] { return ask<bool>(self, slow, caf::get_atom_v) == true; }));
      REQUIRE(here.host.recycle(*who));
      REQUIRE(eventually([&] { return here.host.live_workers() >= 2; }));
      self->send(slow, caf::ok_atom_v, int32_t{3});
      held.receive([](int32_t x) { CHECK(x == 3); }, [](const caf::error& why) { FAIL(to_string(why)); });
      REQUIRE(eventually([&] { return events.count(supervision_incident::recycled) == round; }));
      CHECK(ask<int32_t>(self, *who, caf::get_atom_v) != former);
    }
    CHECK(events.count(supervision_incident::restarted) == 0);
  }
}
