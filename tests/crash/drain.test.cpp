// Ends that wait for what was sent before. Catches messages that are lost then, and ends that never come.
#include "pool_actors.hpp"

#include <catch2/catch.hpp>

#include <csignal>

#include <signal.h>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::end_of;
using test_support::eventually;
using test_support::host_fixture;

TEST_CASE("a supervised actor that is drained handles what it has, takes no more, and ends") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    test_support::gate gate;
    caf::scoped_actor self{here.sys};
    auto hand = here.host.spawn("hand", supervised(), book.path());
    REQUIRE(hand);
    self->monitor(*hand);
    answer_list all;
    all.ask(here.sys, *hand, caf::tick_atom_v, gate.path());
    REQUIRE(book.wait_for(1));
    for (int32_t i = 0; i < 20; ++i)
      caf::anon_send(*hand, caf::put_atom_v, int32_t{1}, i);
    auto drained = here.host.drain(*hand, std::chrono::milliseconds::max());
    auto refused = ask<int32_t>(self, *hand, caf::get_atom_v);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == errc::shutting_down);
    caf::anon_send(*hand, caf::put_atom_v, int32_t{2}, int32_t{2});
    CHECK(here.host.dropped_messages() == 1);
    CHECK_FALSE(drained.ready());
    gate.open();
    auto left = drained.get();
    REQUIRE(left);
    CHECK(*left == 0);
    CHECK(book.entries()[1].size() == 20);
    REQUIRE(all.comes_to(1));
    CHECK(all.errors().empty());
    auto reason = end_of(self, *hand);
    REQUIRE(reason);
    CHECK(*reason == caf::exit_reason::user_shutdown);
    CHECK(eventually([&] { return here.host.live_workers() == 0; }));
  }
  before.check();
}

TEST_CASE("a drain ends in time, and says what is left") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    test_support::gate gate;
    auto options = supervised();
    options.stop_timeout = 10ms;
    auto hand = here.host.spawn("hand", options, book.path());
    REQUIRE(hand);
    answer_list all;
    all.ask(here.sys, *hand, caf::tick_atom_v, gate.path());
    REQUIRE(book.wait_for(1));
    for (int32_t i = 0; i < 5; ++i)
      caf::anon_send(*hand, caf::put_atom_v, int32_t{1}, i);
    auto left = here.host.drain(*hand, 20ms).get();
    REQUIRE(left);
    CHECK(*left == 6);
    REQUIRE(all.comes_to(1));
    CHECK(all.errors().size() == 1);
    CHECK(book.entries().count(1) == 0);
  }
  before.check();
}

TEST_CASE("a worker that dies while it is drained is replaced, and its successor handles the rest") {
  host_fixture here;
  diary book;
  test_support::gate gate;
  auto hand = here.host.spawn("hand", supervised(), book.path());
  REQUIRE(hand);
  answer_list held;
  held.ask(here.sys, *hand, caf::tick_atom_v, gate.path());
  REQUIRE(book.wait_for(1));
  for (int32_t i = 0; i < 20; ++i)
    caf::anon_send(*hand, caf::put_atom_v, int32_t{1}, i);
  auto drained = here.host.drain(*hand, 1h);
  REQUIRE(::kill(book.entries()[0].front(), SIGKILL) == 0);
  auto left = drained.get();
  REQUIRE(left);
  CHECK(*left == 0);
  CHECK(book.entries()[1].size() == 20);
}

TEST_CASE("a pool that is drained handles what waits in it, and ends") {
  leftovers before;
  {
    hand_pool x{hands(2, 2)};
    x.self->monitor(x.pool);
    x.hold(2);
    answer_list all;
    for (int32_t i = 0; i < 20; ++i)
      all.ask(x.here.sys, x.pool, caf::put_atom_v, int32_t{1}, i);
    REQUIRE(eventually([&] { return x.status().waiting == 20; }));
    auto drained = x.here.host.drain(x.pool, 1h);
    auto refused = ask<int32_t>(x.self, x.pool, caf::get_atom_v);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == errc::shutting_down);
    x.gate.open();
    auto left = drained.get();
    REQUIRE(left);
    CHECK(*left == 0);
    REQUIRE(all.comes_to(20));
    CHECK(all.errors().empty());
    CHECK(end_of(x.self, x.pool));
    CHECK(eventually([&] { return x.here.host.live_workers() == 0; }));
  }
  before.check();
}

TEST_CASE("a pool that is drained twice tells both when it has ended") {
  hand_pool x{hands(1, 1)};
  x.hold(1);
  answer_list all;
  for (int32_t i = 0; i < 5; ++i)
    all.ask(x.here.sys, x.pool, caf::put_atom_v, int32_t{1}, i);
  REQUIRE(eventually([&] { return x.status().waiting == 5; }));
  auto first = x.here.host.drain(x.pool, 1h);
  auto second = x.here.host.drain(x.pool, 2h);
  CHECK_FALSE(first.wait_for(100ms));
  CHECK_FALSE(second.ready());
  x.gate.open();
  CHECK(first.get() == size_t{0});
  CHECK(second.get() == size_t{0});
  REQUIRE(all.comes_to(5));
  CHECK(all.errors().empty());
}

TEST_CASE("a pool whose members hang is drained in time, and says what is left") {
  auto options = hands(2, 2);
  options.worker.stop_timeout = 10ms;
  hand_pool x{options};
  x.hold(2);
  answer_list all;
  for (int32_t i = 0; i < 5; ++i)
    all.ask(x.here.sys, x.pool, caf::put_atom_v, int32_t{1}, i);
  REQUIRE(eventually([&] { return x.status().waiting == 5; }));
  auto left = x.here.host.drain(x.pool, 20ms).get();
  REQUIRE(left);
  CHECK(*left == 7);
  REQUIRE(all.comes_to(5));
  REQUIRE(x.held.comes_to(2));
  CHECK(all.errors().size() == 5);
}

TEST_CASE("what is no supervised actor cannot be drained, and what has ended is drained already") {
  host_fixture here;
  diary book;
  auto nobody = here.host.drain(caf::actor{}, 1s).get();
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error() == caf::sec::invalid_argument);
  auto hand = here.host.spawn("hand", supervised(), book.path());
  REQUIRE(hand);
  CHECK(here.host.drain(*hand, 1h).get());
  auto again = here.host.drain(*hand, 1h).get();
  REQUIRE(again);
  CHECK(*again == 0);
}
