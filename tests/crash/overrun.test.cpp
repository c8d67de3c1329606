// Handlers that run for too long. Catches one that holds up all behind it, and processes that are killed although theirs has ended.
#include "pool_actors.hpp"

#include <bulkhead/supervision.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using test_support::host_fixture;

namespace {

// Never ends before it is overdue; answers with an error then.
caf::behavior polite(caf::event_based_actor* self) {
  return {
    [self](caf::get_atom) -> caf::result<int32_t> {
      while (!overdue(self)) {
      }
      return caf::make_error(caf::sec::runtime_error, "gave up");
    },
    [self](caf::ok_atom) { return overdue(self); },
  };
}

const test_support::known_actor polite_known{bulkhead::heavy<"polite", polite>::add_to};

worker_options limited(std::chrono::milliseconds time_max, overrun then) {
  auto result = supervised();
  result.handler = {time_max, then};
  return result;
}

} // namespace

TEST_CASE("a handler that runs for too long costs its own message, and the successor handles the others") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    event_log events{here};
    test_support::gate gate;
    caf::scoped_actor self{here.sys};
    auto hand = here.host.spawn("hand", limited(30ms, overrun::kill), book.path());
    REQUIRE(hand);
    answer_list hung, behind;
    hung.ask(here.sys, *hand, caf::tick_atom_v, gate.path());
    REQUIRE(book.wait_for(1));
    for (int32_t i = 0; i < 20; ++i)
      behind.ask(here.sys, *hand, caf::put_atom_v, int32_t{1}, i);
    REQUIRE(hung.comes_to(1));
    auto death = death_of(hung.errors().at(0));
    REQUIRE(death);
    CHECK(death->cause == death_cause::overran);
    CHECK(death->in_doubt);
    CHECK(death->detail.find("30 ms") != death->detail.npos);
    CHECK(death->detail.find("tick_atom") != death->detail.npos);
    REQUIRE(behind.comes_to(20));
    CHECK(behind.errors().empty());
    CHECK(eventually([&] { return events.count(supervision_incident::overran) == 1; }));
    CHECK(eventually([&] { return events.count(supervision_incident::restarted) == 1; }));
  }
  before.check();
}

TEST_CASE("an overdue handler is reported once, and goes on if that is the policy") {
  host_fixture here;
  diary book;
  event_log events{here};
  test_support::gate gate;
  caf::scoped_actor self{here.sys};
  auto hand = here.host.spawn("hand", limited(10ms, overrun::report), book.path());
  REQUIRE(hand);
  auto pid = ask<int32_t>(self, *hand, caf::get_atom_v);
  answer_list held;
  held.ask(here.sys, *hand, caf::tick_atom_v, gate.path());
  REQUIRE(eventually([&] { return events.count(supervision_incident::overran) == 1; }));
  auto event = events.all().front();
  CHECK(event.pid == *pid);
  CHECK(describe(event).find("is overdue: ") != std::string::npos);
  gate.open();
  REQUIRE(held.comes_to(1));
  CHECK(held.values() == std::vector<int32_t>{*pid});
  CHECK(events.all().size() == 1);
}

TEST_CASE("a handler that asks whether it is overdue can end by itself in time") {
  host_fixture here;
  event_log events{here};
  caf::scoped_actor self{here.sys};
  auto options = limited(20ms, overrun::kill);
  options.handler.grace = 1h;
  auto actor = here.host.spawn("polite", options);
  REQUIRE(actor);
  auto late = ask<int32_t>(self, *actor, caf::get_atom_v);
  REQUIRE_FALSE(late);
  CHECK(late.error() == caf::sec::runtime_error);
  auto now = ask<bool>(self, *actor, caf::ok_atom_v);
  REQUIRE(now);
  CHECK_FALSE(*now);
  CHECK(events.count(supervision_incident::restarted) == 0);

  auto unlimited = here.host.spawn("polite", supervised());
  REQUIRE(unlimited);
  now = ask<bool>(self, *unlimited, caf::ok_atom_v);
  REQUIRE(now);
  CHECK_FALSE(*now);
}

TEST_CASE("handlers that are short are never overdue, however many there are") {
  host_fixture here;
  diary book;
  event_log events{here};
  auto options = limited(20s, overrun::kill);
  auto hand = here.host.spawn("hand", options, book.path());
  REQUIRE(hand);
  answer_list all;
  for (int32_t i = 0; i < 500; ++i)
    all.ask(here.sys, *hand, caf::put_atom_v, int32_t{1}, i);
  REQUIRE(all.comes_to(500));
  CHECK(all.errors().empty());
  CHECK(events.all().empty());
}

TEST_CASE("a member of a pool whose handler hangs is replaced, and the others have gone on meanwhile") {
  auto options = hands(2, 2);
  options.worker.handler = {30ms, overrun::kill};
  hand_pool x{options};
  x.hold(1);
  for (int32_t i = 0; i < 20; ++i)
    CHECK(x.pid() > 0);
  REQUIRE(x.held.comes_to(1));
  CHECK(death_of(x.held.errors().at(0))->cause == death_cause::overran);
  CHECK(x.becomes(2));
}

TEST_CASE("options for handlers that make no sense are named") {
  host_fixture here;
  auto names = [&](const char* option, auto change) {
    auto options = supervised();
    change(options);
    auto failed = here.host.spawn("polite", options);
    REQUIRE_FALSE(failed);
    CHECK(failed.error() == errc::invalid_option);
    CHECK(to_string(failed.error()).find(option) != std::string::npos);
  };
  names("handler.time_max", [](worker_options& x) { x.handler.time_max = -1ms; });
  names("handler.grace", [](worker_options& x) { x.handler.grace = 25h; });
  names("handler.then", [](worker_options& x) { x.handler.then = static_cast<overrun>(9); });
  names("handler.stall_max", [](worker_options& x) { x.handler.stall_max = -1ms; });
  names("handler.stall_max", [](worker_options& x) {
    x.handler.stall_max = 1s;
    x.restart.when = restart_when::never;
  });
  names("handler.deadlines", [](worker_options& x) {
    x.handler.deadlines = true;
    x.restart.when = restart_when::never;
  });
  names("handler.time_max", [](worker_options& x) {
    x.handler.time_max = 1s;
    x.restart.when = restart_when::never;
  });
}
