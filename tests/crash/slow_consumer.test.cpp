// Receivers that handle nothing for long while others wait for them.
#include <catch2/catch.hpp>

#include "crash/pressure.hpp"

#include <algorithm>
#include <csignal>

using namespace crash;
using bulkhead::backlog_incident;
using bulkhead::errc;
using test_support::eventually;
using test_support::host_fixture;

TEST_CASE(
  "a worker that handles nothing for long is reported as slow, and who waits for it gets errors until it goes on") {
  host_fixture f;
  backlog_events events{f};
  auto options = limited(100);
  options.slow_after = std::chrono::milliseconds{300};
  auto victim = f.host.spawn("victim", options);
  REQUIRE(victim);
  auto pid = pid_of(f.sys, *victim);
  REQUIRE(freeze(pid));
  auto sent = make_counter();
  auto source = spawn_source(f.sys, *victim, 1'000'000, sent);
  REQUIRE(eventually([&] { return events.of(backlog_incident::slow_consumer).size() == 1; }));
  auto event = events.of(backlog_incident::slow_consumer).front();
  CHECK(event.pid == pid);
  CHECK(event.to_worker);
  CHECK(event.messages >= 80);
  CHECK(describe(event).find("actor " + std::to_string(victim->id())) != std::string::npos);
  REQUIRE(eventually([&] { return f.host.dropped_messages() > 1000; }));
  outcomes out;
  ask(f.sys, *victim, out, 100, caf::make_message(caf::add_atom_v, int32_t{1}));
  REQUIRE(eventually([&] { return out.total() > 80; })); // the others have found room
  CHECK(out.errors().front() == errc::mailbox_full);
  caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
  REQUIRE(::kill(pid, SIGCONT) == 0);
  CHECK(eventually(
    [&] { return request_number(f.sys, *victim, caf::make_message(caf::add_atom_v, int32_t{1})).engaged(); }));
}

TEST_CASE("a slow worker is killed if the options say so, with that cause") {
  host_fixture f;
  auto options = limited(10);
  options.slow_after = std::chrono::milliseconds{200};
  options.when_slow = bulkhead::slow_consumer::kill;
  auto victim = f.host.spawn("victim", options);
  REQUIRE(victim);
  auto pid = pid_of(f.sys, *victim);
  REQUIRE(freeze(pid));
  outcomes out;
  ask(f.sys, *victim, out, 20, caf::make_message(caf::add_atom_v, int32_t{1}));
  REQUIRE(eventually([&] { return out.total() == 20; }));
  auto all = out.errors();
  auto lost = std::find_if(all.begin(), all.end(), [](auto& x) { return x == errc::worker_lost; });
  REQUIRE(lost != all.end()); // what had still waited in the host was refused before
  auto death = certificate(*lost);
  CHECK(death.cause == bulkhead::death_cause::stopped);
  CHECK(death.detail.find("handled nothing") != std::string::npos);
}
