#include <catch2/catch.hpp>

#include "crash/actors.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

using namespace crash;
using bulkhead::death_cause;
using bulkhead::errc;
using bulkhead::worker_options;
using test_support::eventually;
using test_support::host_fixture;

namespace {

// A frozen process takes SIGKILL too.
void kill_now(int pid) {
  REQUIRE(::kill(pid, SIGKILL) == 0);
}

size_t doubtful(const std::vector<caf::error>& errors) {
  return static_cast<size_t>(
    std::count_if(errors.begin(), errors.end(), [](auto& x) { return certificate(x).in_doubt; }));
}

bulkhead::bytes block_of(size_t size) {
  return bulkhead::bytes{caf::byte_buffer(size)};
}

} // namespace

TEST_CASE("however a worker dies in a handler, the request, monitors and links learn of it, and nobody else is hurt") {
  struct death {
    const char* how;
    death_cause cause;
    int status;
  };
  const death deaths[] = {
    {"kill", death_cause::signaled, SIGKILL},   {"abort", death_cause::signaled, SIGABRT},
    {"exit", death_cause::exited, 3},           {"segfault", death_cause::signaled, SIGSEGV},
    {"thread", death_cause::signaled, SIGABRT},
  };
  outcomes out;
  observed_ends monitored, linked;
  leftovers before;
  {
    host_fixture f;
    auto bystander = f.host.spawn("victim");
    REQUIRE(bystander);
    size_t count = 0;
    for (auto& [how, cause, status] : deaths) {
      INFO(how);
      auto victim = f.host.spawn("victim");
      REQUIRE(victim);
      auto pid = pid_of(f.sys, *victim);
      auto watchers = watch_end(f.sys, *victim, monitored, linked);
      ask(f.sys, *victim, out, 1, caf::make_message(std::string{how}));
      ++count;
      REQUIRE(eventually([&] { return out.total() == count; }));
      REQUIRE(eventually([&] { return monitored.reasons().size() == count && linked.reasons().size() == count; }));
      for (auto& reason : {out.errors().back(), monitored.reasons().back(), linked.reasons().back()}) {
        auto found = certificate(reason);
        CHECK(found.cause == cause);
        CHECK(found.status == status);
        CHECK(found.pid == pid);
        CHECK(found.slot == count);
        CHECK(found.incarnation == 1);
      }
      CHECK(certificate(out.errors().back()).in_doubt);
      CHECK(answers(f.sys, *bystander));
      auto late = request_number(f.sys, *victim, caf::make_message(caf::get_atom_v));
      REQUIRE_FALSE(late);
      CHECK_FALSE(certificate(late.error()).in_doubt);
    }
    CHECK(eventually([&] { return f.host.live_workers() == 1; }));
  }
  before.check();
}

#ifndef __SANITIZE_ADDRESS__ // which reserves more memory than any limit would allow

TEST_CASE("a worker that exceeds its memory dies with that cause") {
  outcomes out;
  host_fixture f;
  worker_options options;
  options.memory_bytes_max = uint64_t{64} << 20;
  auto victim = f.host.spawn("victim", options);
  REQUIRE(victim);
  CHECK(answers(f.sys, *victim));
  ask(f.sys, *victim, out, 1, caf::make_message(std::string{"memory"}));
  REQUIRE(eventually([&] { return out.total() == 1; }));
  CHECK(certificate(out.errors().at(0)).cause == death_cause::out_of_memory);
}

#endif

TEST_CASE("an idle worker that is killed from outside ends its monitors and links") {
  observed_ends monitored, linked;
  host_fixture f;
  auto victim = f.host.spawn("victim");
  REQUIRE(victim);
  auto watchers = watch_end(f.sys, *victim, monitored, linked);
  kill_now(pid_of(f.sys, *victim));
  REQUIRE(eventually([&] { return monitored.reasons().size() == 1 && linked.reasons().size() == 1; }));
  CHECK(certificate(monitored.reasons()[0]).status == SIGKILL);
  CHECK(certificate(linked.reasons()[0]).status == SIGKILL);
  // Who comes late learns the same.
  observed_ends late_monitored, late_linked;
  auto late_watchers = watch_end(f.sys, *victim, late_monitored, late_linked);
  REQUIRE(eventually([&] { return late_monitored.reasons().size() == 1 && late_linked.reasons().size() == 1; }));
  CHECK(certificate(late_monitored.reasons()[0]).status == SIGKILL);
}

TEST_CASE("a thousand open requests of several actors fail when their worker is killed, and only one was in doubt") {
  outcomes handled, waiting;
  leftovers before;
  {
    host_fixture f;
    auto victim = f.host.spawn("victim");
    REQUIRE(victim);
    auto pid = pid_of(f.sys, *victim);
    hang(f.sys, *victim, handled);
    for (auto i = 0; i < 4; ++i)
      ask(f.sys, *victim, waiting, 250, caf::make_message(caf::add_atom_v, int32_t{1}));
    REQUIRE(eventually([&] { return waiting.requests() == 1000; }));
    kill_now(pid);
    REQUIRE(eventually([&] { return handled.total() == 1 && waiting.total() == 1000; }));
    CHECK(waiting.answers() == 0);
    CHECK(doubtful(handled.errors()) == 1);
    CHECK(doubtful(waiting.errors()) == 0);
    for (auto& reason : waiting.errors())
      CHECK(certificate(reason).pid == pid);
  }
  before.check();
}

TEST_CASE("requests to a worker that stood still when it was killed were certainly not handled") {
  outcomes out;
  host_fixture f;
  auto victim = f.host.spawn("victim");
  REQUIRE(victim);
  auto pid = pid_of(f.sys, *victim);
  REQUIRE(freeze(pid));
  ask(f.sys, *victim, out, 1000, caf::make_message(caf::add_atom_v, int32_t{1}));
  REQUIRE(eventually([&] { return out.requests() == 1000; }));
  kill_now(pid);
  REQUIRE(eventually([&] { return out.total() == 1000; }));
  CHECK(out.answers() == 0);
  CHECK(doubtful(out.errors()) == 0);
}

TEST_CASE("requests that fill mailbox and spill fail when their worker is killed") {
  outcomes small, large;
  leftovers before;
  {
    host_fixture f;
    worker_options options;
    options.mailbox_bytes = 4096;
    auto victim = f.host.spawn("victim", options);
    REQUIRE(victim);
    auto pid = pid_of(f.sys, *victim);
    REQUIRE(freeze(pid));
    ask(f.sys, *victim, small, 500, caf::make_message(caf::add_atom_v, int32_t{1}));
    ask(f.sys, *victim, large, 10, caf::make_message(block_of(size_t{3} << 20)));
    ask(f.sys, *victim, small, 500, caf::make_message(caf::add_atom_v, int32_t{1}));
    REQUIRE(eventually([&] { return small.requests() == 1000 && large.requests() == 10; }));
    kill_now(pid);
    REQUIRE(eventually([&] { return small.total() == 1000 && large.total() == 10; }));
    CHECK(doubtful(small.errors()) == 0);
    CHECK(doubtful(large.errors()) == 0);
  }
  before.check();
}

TEST_CASE("a worker that is killed amid large messages fails those that it did not answer") {
  outcomes out;
  leftovers before;
  {
    host_fixture f;
    auto victim = f.host.spawn("victim");
    REQUIRE(victim);
    auto pid = pid_of(f.sys, *victim);
    ask(f.sys, *victim, out, 50, caf::make_message(block_of(size_t{1} << 20)));
    REQUIRE(eventually([&] { return out.answers() > 2; }));
    kill_now(pid);
    REQUIRE(eventually([&] { return out.total() == 50; }));
    for (auto& reason : out.errors())
      CHECK(certificate(reason).pid == pid);
  }
  before.check();
}

TEST_CASE("the death of one worker does not touch what another one is doing") {
  outcomes lost, kept;
  host_fixture f;
  auto victim = f.host.spawn("victim");
  auto bystander = f.host.spawn("victim");
  REQUIRE((victim && bystander));
  auto pid = pid_of(f.sys, *victim);
  ask(f.sys, *bystander, kept, 20'000, caf::make_message(caf::add_atom_v, int32_t{1}));
  hang(f.sys, *victim, lost);
  kill_now(pid);
  REQUIRE(eventually([&] { return lost.total() == 1 && kept.total() == 20'000; }));
  CHECK(kept.answers() == 20'000);
}

TEST_CASE("a request that a light actor delegated to a worker fails when the worker dies") {
  outcomes out;
  host_fixture f;
  auto victim = f.host.spawn("victim");
  REQUIRE(victim);
  auto pid = pid_of(f.sys, *victim);
  std::atomic<int> delegated = 0;
  auto middle = f.sys.spawn([target = *victim, &delegated](caf::event_based_actor* self) -> caf::behavior {
    return {[=, &delegated](caf::add_atom, int32_t x) {
      auto promise = self->delegate(target, caf::add_atom_v, x);
      ++delegated;
      return promise;
    }};
  });
  REQUIRE(freeze(pid));
  ask(f.sys, middle, out, 10, caf::make_message(caf::add_atom_v, int32_t{1}));
  REQUIRE(eventually([&] { return delegated == 10; }));
  kill_now(pid);
  REQUIRE(eventually([&] { return out.total() == 10; }));
  CHECK(doubtful(out.errors()) == 0);
}

TEST_CASE("a worker handle kills its process, and may outlive the actor system") {
  observed_ends monitored, linked;
  std::optional<bulkhead::worker> worker;
  {
    host_fixture f;
    auto started = f.host.start_worker();
    REQUIRE(started);
    worker = *started;
    auto victim = worker->spawn("victim");
    REQUIRE(victim);
    CHECK(worker->pid() == pid_of(f.sys, *victim));
    auto watchers = watch_end(f.sys, *victim, monitored, linked);
    worker->kill();
    REQUIRE(eventually([&] { return monitored.reasons().size() == 1 && linked.reasons().size() == 1; }));
    CHECK(certificate(monitored.reasons()[0]).status == SIGKILL);
    CHECK(eventually([&] { return !worker->alive(); }));
    auto late = worker->spawn("victim");
    REQUIRE_FALSE(late);
    CHECK(late.error() == errc::shutting_down);
  }
  CHECK_FALSE(worker->alive());
}
