// Actors that wait for room, and something ends meanwhile.
#include <catch2/catch.hpp>

#include "crash/pressure.hpp"

#include <csignal>

using namespace crash;
using test_support::eventually;
using test_support::host_fixture;

TEST_CASE("an actor that is suspended handles an exit that comes next, and what it had sent arrives") {
  host_fixture f;
  auto options = limited(10);
  options.slow_after = std::chrono::milliseconds{0}; // for ever
  auto victim = f.host.spawn("victim", options);
  REQUIRE(victim);
  auto pid = pid_of(f.sys, *victim);
  REQUIRE(freeze(pid));
  caf::scoped_actor self{f.sys};
  auto sent = make_counter();
  auto source = self->spawn<caf::monitored>([to = *victim, sent](caf::event_based_actor* me) {
    while (*sent < 15)
      me->send(to, caf::put_atom_v, (*sent)++);
    return caf::behavior{[](caf::ok_atom) {}};
  });
  CHECK(settled(f.sys, sent) == 15);
  self->send_exit(source, caf::exit_reason::user_shutdown);
  self->receive([](const caf::down_msg& x) { CHECK(x.reason == caf::exit_reason::user_shutdown); });
  REQUIRE(::kill(pid, SIGCONT) == 0);
  CHECK(eventually([&] {
    auto all = request<std::vector<int32_t>>(f.sys, *victim, caf::make_message(caf::get_atom_v, int32_t{0}));
    return all && *all == numbers(0, 15);
  }));
}

TEST_CASE("an actor that waits for a worker goes on when that dies") {
  host_fixture f;
  auto victim = f.host.spawn("victim", limited(10));
  REQUIRE(victim);
  auto pid = pid_of(f.sys, *victim);
  REQUIRE(freeze(pid));
  auto sent = make_counter();
  auto source = spawn_source(f.sys, *victim, 1000, sent);
  REQUIRE(eventually([&] { return *sent >= 8; }));
  CHECK(settled(f.sys, sent) < 20);
  REQUIRE(::kill(pid, SIGKILL) == 0);
  CHECK(eventually([&] { return *sent == 1000; }));
  caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
}

TEST_CASE("the system ends while actors wait for a worker that stands still") {
  leftovers before;
  {
    host_fixture f;
    auto options = limited(10);
    options.slow_after = std::chrono::milliseconds{500};
    options.stop_timeout = std::chrono::milliseconds{200};
    auto victim = f.host.spawn("victim", options);
    REQUIRE(victim);
    REQUIRE(freeze(pid_of(f.sys, *victim)));
    auto sent = make_counter();
    auto source = spawn_source(f.sys, *victim, 1000, sent);
    REQUIRE(eventually([&] { return *sent >= 8; }));
    caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
  }
  before.check();
}
