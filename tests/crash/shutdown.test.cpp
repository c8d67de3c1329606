#include <catch2/catch.hpp>

#include "crash/child_host.hpp"

#include <chrono>
#include <csignal>
#include <optional>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace crash;
using bulkhead::errc;
using bulkhead::worker_options;
using test_support::eventually;
using test_support::host_fixture;

namespace {

worker_options stop_within(std::chrono::milliseconds max) {
  worker_options result;
  result.stop_timeout = max;
  return result;
}

} // namespace

TEST_CASE("the end of the system ends live workers, also those with actors that are in use") {
  leftovers before;
  {
    host_fixture f;
    auto first = f.host.spawn("victim");
    auto worker = f.host.start_worker();
    REQUIRE((first && worker));
    auto second = worker->spawn("victim");
    auto third = worker->spawn("victim");
    REQUIRE((second && third));
    CHECK(answers(f.sys, *third));
  }
  before.check();
}

TEST_CASE("the end of the system copes with workers that are dead, frozen or being killed") {
  leftovers before;
  {
    host_fixture f;
    auto dead = f.host.spawn("victim");
    auto frozen = f.host.spawn("victim", stop_within(100ms));
    auto dying = f.host.spawn("victim");
    REQUIRE((dead && frozen && dying));
    REQUIRE(::kill(pid_of(f.sys, *dead), SIGKILL) == 0);
    REQUIRE(eventually([&] { return f.host.live_workers() == 2; }));
    REQUIRE(freeze(pid_of(f.sys, *frozen)));
    REQUIRE(::kill(pid_of(f.sys, *dying), SIGKILL) == 0);
  }
  before.check();
}

TEST_CASE("a worker that hangs in a handler is killed after the stop timeout") {
  outcomes out;
  leftovers before;
  {
    host_fixture f;
    auto victim = f.host.spawn("victim", stop_within(100ms));
    REQUIRE(victim);
    auto pid = pid_of(f.sys, *victim);
    hang(f.sys, *victim, out);
    f.sys.await_actors_before_shutdown(false);
    CHECK(process_runs(pid));
  }
  before.check();
}

TEST_CASE("a request that a worker does not finish before the stop timeout fails with that cause") {
  outcomes out;
  host_fixture f;
  auto worker = f.host.start_worker(stop_within(100ms));
  REQUIRE(worker);
  auto victim = worker->spawn("victim");
  REQUIRE(victim);
  hang(f.sys, *victim, out);
  worker->stop();
  REQUIRE(eventually([&] { return out.total() == 1; }));
  auto death = bulkhead::death_of(out.errors().front());
  REQUIRE(death);
  CHECK(death->cause == bulkhead::death_cause::stopped);
  CHECK(death->in_doubt);
  CHECK(describe(*death).find("did not end within 100 ms") != std::string::npos);
}

TEST_CASE("stop ends a worker in good order, and its actors with user_shutdown") {
  observed_ends monitored, linked;
  host_fixture f;
  auto worker = f.host.start_worker();
  REQUIRE(worker);
  auto victim = worker->spawn("victim");
  REQUIRE(victim);
  auto watchers = watch_end(f.sys, *victim, monitored, linked);
  worker->stop();
  worker->stop();
  REQUIRE(eventually([&] { return monitored.reasons().size() == 1 && linked.reasons().size() == 1; }));
  CHECK(monitored.reasons()[0] == caf::exit_reason::user_shutdown);
  CHECK(linked.reasons()[0] == caf::exit_reason::user_shutdown);
  CHECK(eventually([&] { return !worker->alive() && f.host.live_workers() == 0; }));
  auto late = request_number(f.sys, *victim, caf::make_message(caf::get_atom_v));
  REQUIRE_FALSE(late);
  CHECK(late.error() == caf::sec::request_receiver_down);
}

TEST_CASE("a stopped worker that hangs is killed, and its open requests fail") {
  outcomes hung, waiting;
  observed_ends monitored, linked;
  host_fixture f;
  auto worker = f.host.start_worker(stop_within(50ms));
  REQUIRE(worker);
  auto victim = worker->spawn("victim");
  REQUIRE(victim);
  auto watchers = watch_end(f.sys, *victim, monitored, linked);
  hang(f.sys, *victim, hung);
  ask(f.sys, *victim, waiting, 10, caf::make_message(caf::add_atom_v, int32_t{1}));
  worker->stop();
  CHECK(eventually([&] { return hung.errors().size() == 1 && waiting.errors().size() == 10; }));
  CHECK(eventually([&] { return monitored.reasons().size() == 1 && linked.reasons().size() == 1; }));
  CHECK(eventually([&] { return f.host.live_workers() == 0; }));
}

TEST_CASE("actors that were told to exit with open requests do not keep the system") {
  outcomes out;
  leftovers before;
  {
    host_fixture f;
    auto victim = f.host.spawn("victim", stop_within(100ms));
    REQUIRE(victim);
    REQUIRE(freeze(pid_of(f.sys, *victim)));
    caf::scoped_actor blocking{f.sys};
    auto abandoned = blocking->request(*victim, caf::infinite, caf::add_atom_v, int32_t{1});
    auto asker = ask(f.sys, *victim, out, 10, caf::make_message(caf::add_atom_v, int32_t{1}));
    REQUIRE(eventually([&] { return out.requests() == 10; }));
    caf::anon_send_exit(asker, caf::exit_reason::user_shutdown);
  }
  before.check();
}

TEST_CASE("a worker whose handle nobody holds any more ends by itself") {
  leftovers before;
  {
    host_fixture f;
    auto victim = f.host.spawn("victim");
    REQUIRE(victim);
    CHECK(answers(f.sys, *victim));
    victim = caf::sec::none;
    CHECK(eventually([&] { return f.host.live_workers() == 0; }));
  }
  before.check();
}

TEST_CASE("a worker ends when its actor does") {
  host_fixture f;
  auto victim = f.host.spawn("victim");
  REQUIRE(victim);
  caf::anon_send_exit(*victim, caf::exit_reason::kill);
  CHECK(eventually([&] { return f.host.live_workers() == 0; }));
}

TEST_CASE("systems may come and go in one process") {
  leftovers before;
  for (auto round = 0; round < 5; ++round) {
    host_fixture f{1};
    auto victim = f.host.spawn("victim");
    REQUIRE(victim);
    CHECK(answers(f.sys, *victim));
  }
  before.check();
}

TEST_CASE("two systems in one process have workers of their own") {
  leftovers before;
  {
    host_fixture left, right;
    auto first = left.host.spawn("victim");
    auto second = right.host.spawn("victim");
    REQUIRE((first && second));
    CHECK(pid_of(left.sys, *first) != pid_of(right.sys, *second));
    CHECK(left.host.live_workers() == 1);
  }
  before.check();
}

TEST_CASE("a host that may not kill its workers any more ends all the same, and so do they") {
  if (::geteuid() != 0)
    return; // nothing to give up
  leftovers before;
  {
    auto host = start_child_host("unprivileged", {});
    CHECK(read_output(host) == "cancelled\n");
    auto status = host.process.reap_within(test_support::patience);
    REQUIRE(status);
    CHECK(status->describe() == bulkhead::platform::exit_status{}.describe());
  }
  before.check();
}
