// Processes that get nothing done although they live, and what those that hang in a handler say of it. Catches one that nobody notices.
#include "certificates.hpp"
#include "pool_actors.hpp"

#include <bulkhead/supervision.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <pthread.h>

#include <signal.h>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using test_support::host_fixture;

namespace {

// Calls what never ends; with `true` behind closed ears.
caf::behavior busy(caf::event_based_actor*) {
  return {[](caf::put_atom, bool deaf) {
    if (deaf) {
      sigset_t all;
      sigfillset(&all);
      ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
    }
    for (volatile bool forever = true; forever;)
      continue;
  }};
}

const test_support::known_actor busy_known{bulkhead::heavy<"busy", busy>::add_to};

worker_options watched(overrun then) {
  auto result = supervised();
  result.handler.then = then;
  result.handler.stall_max = 1s;
  return result;
}

/// An actor with a diary whose process was stopped between two handlers.
struct stopped_hand {
  explicit stopped_hand(overrun then) {
    auto made = here.host.spawn("hand", watched(then), book.path());
    REQUIRE(made);
    hand = *made;
    auto answer = ask<int32_t>(self, hand, caf::get_atom_v);
    REQUIRE(answer);
    pid = *answer;
    // An answer leaves before the handler does, and one that is stopped in between runs on.
    self->receive(caf::after(500ms) >> [] {});
    REQUIRE(freeze(pid));
  }

  host_fixture here;
  diary book;
  event_log events{here};
  caf::scoped_actor self{here.sys};
  caf::actor hand;
  int32_t pid = 0;
};

} // namespace

TEST_CASE("a process that stands still although it has messages is replaced, and nothing is lost") {
  leftovers before;
  {
    stopped_hand x{overrun::kill};
    certificate_log certificates{x.here};
    answer_list waiting;
    for (int32_t i = 0; i < 20; ++i)
      waiting.ask(x.here.sys, x.hand, caf::put_atom_v, int32_t{1}, i);
    REQUIRE(waiting.comes_to(20));
    CHECK(waiting.errors().empty());
    REQUIRE(eventually([&] { return x.events.count(supervision_incident::restarted) == 1; }));
    auto all = x.events.all();
    REQUIRE(all.size() == 2);
    CHECK(all[0].what == supervision_incident::stalled);
    CHECK_THAT(describe(all[0]), Catch::Contains("stands still") && Catch::Contains("1000 ms"));
    CHECK(all[1].death.cause == death_cause::stalled);
    auto certificate = certificates.the_one();
    CHECK(certificate.limit == "handler.stall_max");
    CHECK(certificate.limit_value == 1000);
  }
  before.check();
}

TEST_CASE("a process that stands still is reported once, and goes on if that is the policy") {
  stopped_hand x{overrun::report};
  answer_list waiting;
  waiting.ask(x.here.sys, x.hand, caf::get_atom_v);
  REQUIRE(eventually([&] { return x.events.count(supervision_incident::stalled) == 1; }));
  REQUIRE(::kill(x.pid, SIGCONT) == 0);
  REQUIRE(waiting.comes_to(1));
  CHECK(waiting.values() == std::vector{x.pid});
  CHECK(x.events.all().size() == 1);
}

TEST_CASE("a process that handles its messages does not stand still, however long each takes, and neither does one "
          "without any") {
  host_fixture here;
  diary book;
  event_log events{here};
  caf::scoped_actor self{here.sys};
  auto options = watched(overrun::kill);
  auto hand = here.host.spawn("hand", options, book.path());
  REQUIRE(hand);
  test_support::gate gate;
  answer_list held, behind;
  held.ask(here.sys, *hand, caf::tick_atom_v, gate.path());
  behind.ask(here.sys, *hand, caf::get_atom_v);
  // Longer than that, twice.
  auto pause = here.sys.spawn([](caf::event_based_actor* x) {
    return caf::behavior{[x](caf::get_atom) {
      auto promise = x->make_response_promise<int32_t>();
      x->run_delayed(1300ms, [promise]() mutable { promise.deliver(int32_t{0}); });
      return promise;
    }};
  });
  CHECK(ask<int32_t>(self, pause, caf::get_atom_v));
  gate.open();
  REQUIRE(behind.comes_to(1));
  CHECK(ask<int32_t>(self, pause, caf::get_atom_v));
  CHECK(ask<int32_t>(self, *hand, caf::get_atom_v));
  CHECK(events.all().empty());
}

TEST_CASE("a handler that is killed for its time says where it was, unless it hears nothing") {
  for (auto deaf : {false, true}) {
    host_fixture here;
    certificate_log certificates{here};
    caf::scoped_actor self{here.sys};
    auto options = supervised();
    options.handler = {50ms, overrun::kill};
    auto actor = here.host.spawn("busy", options);
    REQUIRE(actor);
    auto failed = ask<void>(self, *actor, caf::put_atom_v, deaf);
    REQUIRE_FALSE(failed);
    auto death = death_of(failed.error());
    REQUIRE(death);
    CHECK(death->cause == death_cause::overran);
    auto what = certificates.the_one();
    CHECK(what.stack.empty() == deaf);
    CHECK(what.thread == (deaf ? "" : "bulkhead.loop"));
    CHECK(std::any_of(what.stack.begin(), what.stack.end(),
                      [](auto& x) { return x.function.find("busy") != x.function.npos; })
          != deaf);
    CHECK(what.limit == "handler.time_max");
  }
}
