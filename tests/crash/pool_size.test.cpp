// Pools that grow and shrink, and how they end. Catches pools that stay too small or too large, and members that outlive theirs.
#include "pool_actors.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>

#include <signal.h>
#include <unistd.h>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::end_of;
using test_support::eventually;
using test_support::host_fixture;

TEST_CASE("a pool grows while messages wait, and shrinks when it does not need its members") {
  leftovers before;
  {
    auto options = hands(1, 3);
    options.grow_after = 1ms;
    options.idle_after = 50ms;
    hand_pool x{options};
    CHECK(x.status().members.size() == 1);
    x.hold(3);
    CHECK(x.status().members.size() == 3);
    CHECK(eventually([&] { return x.events.count(supervision_incident::grown) == 2; }));
    answer_list asked;
    asked.ask(x.here.sys, x.pool, caf::get_atom_v);
    REQUIRE(eventually([&] { return x.status().waiting == 1; })); // three is the most
    x.gate.open();
    REQUIRE(x.held.comes_to(3));
    REQUIRE(asked.comes_to(1));
    REQUIRE(x.becomes(1));
    CHECK(eventually([&] { return x.here.host.live_workers() == 1; }));
    CHECK(eventually([&] { return x.events.count(supervision_incident::shrunk) == 2; }));
    CHECK(x.events.count(supervision_incident::gave_up) == 0);
    auto text = describe(x.events.all().back());
    CHECK(text.find("left a pool: pool hand: 1 member") != text.npos);
    CHECK(x.pid() > 0);
  }
  before.check();
}

TEST_CASE("a pool does not grow while its members are quick enough") {
  auto options = hands(1, 3);
  options.grow_after = 1h;
  hand_pool x{options};
  answer_list asked;
  for (int32_t i = 0; i < 200; ++i)
    asked.ask(x.here.sys, x.pool, caf::put_atom_v, int32_t{1}, i);
  REQUIRE(asked.comes_to(200));
  CHECK(x.status().members.size() == 1);
  CHECK(x.events.all().empty());
}

TEST_CASE("a pool goes on without a member that died too often, and ends with the last one") {
  leftovers before;
  {
    auto options = hands(2, 2);
    options.restart.restarts_max = 0;
    hand_pool x{options};
    x.self->monitor(x.pool);
    x.hold(2);
    answer_list waiting;
    waiting.ask(x.here.sys, x.pool, caf::get_atom_v);
    auto pids = x.book.entries()[0];
    REQUIRE(::kill(pids[0], SIGKILL) == 0);
    REQUIRE(x.becomes(1));
    REQUIRE(::kill(pids[1], SIGKILL) == 0);
    auto reason = end_of(x.self, x.pool);
    REQUIRE(reason);
    CHECK(*reason == errc::restarts_exhausted);
    REQUIRE(waiting.comes_to(1));
    CHECK(waiting.errors().at(0) == errc::restarts_exhausted);
    auto late = ask<int32_t>(x.self, x.pool, caf::get_atom_v);
    REQUIRE_FALSE(late);
    CHECK(late.error() == errc::restarts_exhausted);
    CHECK(eventually([&] { return x.here.host.live_workers() == 0; }));
  }
  before.check();
}

TEST_CASE("an exit message ends a pool with its members, and answers what waits") {
  leftovers before;
  {
    hand_pool x{hands(2, 2)};
    x.self->monitor(x.pool);
    x.hold(2);
    answer_list waiting;
    waiting.ask(x.here.sys, x.pool, caf::get_atom_v);
    REQUIRE(eventually([&] { return x.status().waiting == 1; }));
    x.self->send_exit(x.pool, caf::exit_reason::user_shutdown);
    REQUIRE(waiting.comes_to(1));
    CHECK(waiting.errors().at(0) == caf::sec::request_receiver_down);
    auto told = false; // not before its members have ended
    x.self->receive([&](const caf::down_msg&) { told = true; }, caf::after(1ms) >> [] {});
    CHECK_FALSE(told);
    x.gate.open();
    REQUIRE(x.held.comes_to(2)); // what runs is finished
    CHECK(x.held.errors().empty());
    auto reason = end_of(x.self, x.pool);
    REQUIRE(reason);
    CHECK(*reason == caf::exit_reason::user_shutdown);
    CHECK(eventually([&] { return x.here.host.live_workers() == 0; }));
  }
  before.check();
}

TEST_CASE(
  "a pool that is killed by its handle ends when its members have, and so does one whose members do not heed an exit") {
  leftovers before;
  auto exit_first = GENERATE(false, true);
  auto grace = GENERATE(0ms, 50ms);
  {
    hand_pool x{hands(2, 2)};
    x.self->monitor(x.pool);
    x.hold(2);
    answer_list waiting;
    waiting.ask(x.here.sys, x.pool, caf::get_atom_v);
    REQUIRE(eventually([&] { return x.status().waiting == 1; }));
    if (exit_first) {
      x.self->send_exit(x.pool, caf::exit_reason::user_shutdown);
      REQUIRE(waiting.comes_to(1));
    }
    CHECK(x.here.host.kill(x.pool, grace));
    auto reason = end_of(x.self, x.pool);
    REQUIRE(reason);
    auto death = death_of(*reason);
    CHECK(static_cast<bool>(death) != exit_first);
    if (death)
      CHECK(death->cause == death_cause::stopped);
    else
      CHECK(*reason == caf::exit_reason::user_shutdown);
    REQUIRE(waiting.comes_to(1));
    REQUIRE(x.held.comes_to(2));
    CHECK(x.held.errors().size() == 2);
    CHECK(eventually([&] { return x.here.host.live_workers() == 0; }));
    CHECK_FALSE(x.here.host.kill(x.pool));
  }
  before.check();
}

TEST_CASE("members handle what was sent before the last handle went, and end then") {
  leftovers before;
  {
    hand_pool x{hands(2, 2)};
    x.hold(2);
    for (int32_t i = 0; i < 10; ++i)
      caf::anon_send(x.pool, caf::put_atom_v, int32_t{1}, i); // an answer would hold its sender
    x.pool = nullptr;
    x.gate.open();
    CHECK(x.book.wait_for(12));
    CHECK(eventually([&] { return x.here.host.live_workers() == 0; }));
  }
  before.check();
}

TEST_CASE("a host ends while its pools have messages that wait, and while they start") {
  leftovers before;
  {
    auto options = hands(2, 2);
    options.worker.stop_timeout = 50ms;
    hand_pool x{options};
    for (int i = 0; i < 10; ++i)
      caf::anon_send(x.pool, caf::tick_atom_v, x.gate.path()); // nobody who asks, for a system waits for its actors
    REQUIRE(x.book.wait_for(2));
    CHECK(x.status().waiting == 8);
  }
  {
    diary book; // outlives the actor that reads it
    host_fixture here;
    here.sys.spawn([&](caf::event_based_actor* self) {
      (void) here.host.pool_async(self, "hand", hands(3, 3), book.path());
      self->quit();
    });
  }
  before.check();
}

TEST_CASE("a pool is a handle like others: typed, given to other workers, made inside of an actor") {
  host_fixture here;
  diary book;
  caf::scoped_actor self{here.sys};
  auto options = hands(1, 2);
  auto clerks = here.host.pool("clerk", options, book.path());
  REQUIRE(clerks);
  auto passer = here.host.spawn("passer", *clerks);
  REQUIRE(passer);
  auto count = ask<int32_t>(self, *passer, int32_t{100});
  REQUIRE(count);
  CHECK(*count == 100);
  CHECK(book.entries()[1].size() == 100);

  auto typed = here.host.pool<test_support::counter_actor>("hand", options, book.path());
  REQUIRE_FALSE(typed);
  CHECK(typed.error() == errc::wrong_interface);

  answer_list pid;
  here.sys.spawn([&, options](caf::event_based_actor* who) {
    here.host.pool_async(who, "hand", options, book.path()).then([&here, &pid](const caf::actor& made) {
      pid.ask(here.sys, made, caf::get_atom_v);
    });
  });
  REQUIRE(pid.comes_to(1));
  CHECK(pid.values().size() == 1);
}

TEST_CASE("a pool that could not grow tries again, although nothing more is sent to it") {
  auto folder = std::filesystem::temp_directory_path() / ("bulkhead-pool-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  auto options = hands(1, 2);
  options.grow_after = 1ms;
  options.restart.within = 1ms;
  options.worker.working_directory = folder.string();
  hand_pool x{options};
  std::filesystem::remove(folder);
  x.hold(1);
  answer_list all;
  all.ask(x.here.sys, x.pool, caf::get_atom_v);
  CHECK(eventually([&] { return x.events.count(supervision_incident::growth_failed) > 1; }));
  std::filesystem::create_directory(folder);
  CHECK(all.comes_to(1));
  x.gate.open();
  CHECK(x.held.comes_to(1));
  std::filesystem::remove(folder);
}

TEST_CASE("a pool that cannot start says why, and leaves nothing") {
  leftovers before;
  {
    host_fixture here;
    auto failed = here.host.pool("nobody", hands(3, 3));
    REQUIRE_FALSE(failed);
    CHECK(failed.error() == errc::unknown_actor);
    failed = here.host.pool("hand", hands(2, 2), 7);
    REQUIRE_FALSE(failed);
    CHECK(failed.error() == errc::wrong_arguments);
    CHECK(eventually([&] { return here.host.live_workers() == 0; }));
    CHECK(here.host.status(caf::actor{}) == std::nullopt);
    CHECK_FALSE(here.host.recycle(caf::actor{}));
  }
  before.check();
}

TEST_CASE("options of a pool that make no sense are named") {
  host_fixture here;
  auto complaint = [&](auto change) {
    auto options = hands(1, 2);
    change(options);
    auto made = here.host.pool("hand", options, "/nowhere");
    return made ? std::string{"none"} : to_string(made.error());
  };
  auto names = [&](const char* option, auto change) {
    auto text = complaint(change);
    CAPTURE(text);
    CHECK(text.find("invalid_option") != text.npos);
    CHECK(text.find(option) != text.npos);
  };
  names("workers_min", [](pool_options& x) { x.workers_min = 0; });
  names("workers_max", [](pool_options& x) { x.workers_min = 3; });
  names("workers_max", [](pool_options& x) { x.workers_max = 2000; });
  names("how", [](pool_options& x) { x.how = static_cast<dispatch>(17); });
  names("key", [](pool_options& x) { x.how = dispatch::by_key; });
  names("key", [](pool_options& x) { x.key = key_of<int>([](int y) { return y; }); });
  names("prefetch_max", [](pool_options& x) { x.prefetch_max = 0; });
  names("grow_after", [](pool_options& x) { x.grow_after = -1ms; });
  names("idle_after", [](pool_options& x) { x.idle_after = 0ms; });
  names("worker.where", [](pool_options& x) { x.worker.where = placement::in_process; });
  names("worker.restart", [](pool_options& x) { x.worker.restart.restarts_max = 7; });
  names("restart.within", [](pool_options& x) { x.restart.within = 0ms; });
  names("mailbox_bytes", [](pool_options& x) { x.worker.mailbox_bytes = 5; });
  CHECK(here.host.live_workers() == 0);
}
