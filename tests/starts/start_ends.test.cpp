// Starts and ends are answered, whatever happens in between: an actor that quits at once, and an end in the middle of a start.
#include "starts/actors.hpp"

#include <bulkhead/executor.hpp>
#include <bulkhead/supervisor.hpp>

#include <catch2/catch.hpp>

#include <csignal>

using namespace bulkhead;
using namespace starts;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::count_children;
using test_support::end_of;
using test_support::eventually;
using test_support::host_fixture;

namespace {

worker_options restarted(restart_when when) {
  worker_options result;
  result.restart.when = when;
  return result;
}

// A start that never comes to its end by itself.
worker_options hanging() {
  worker_options result;
  result.startup_timeout = 1h;
  result.stop_timeout = 50ms;
  result.initializer = call<&starts::hang>();
  return result;
}

bool is_down(const caf::error& reason) {
  return reason == caf::sec::request_receiver_down;
}

} // namespace

TEST_CASE("a spawn of an actor that quits at once is answered, whatever its restart policy") {
  host_fixture here;
  caf::scoped_actor self{here.sys};
  for (auto when : {restart_when::never, restart_when::on_crash})
    for (auto how : {"normal", "shutdown"})
      for (auto moment : {"now", "first turn"}) {
        CAPTURE(static_cast<int>(when), how, moment);
        auto actor = here.host.spawn("quitter", restarted(when), std::string{how}, std::string{moment});
        REQUIRE(actor);
        auto answer = ask<int32_t>(self, *actor, int32_t{1});
        REQUIRE_FALSE(answer);
        CHECK(is_down(answer.error()));
      }
  for (auto moment : {"now", "first turn"}) {
    auto options = restarted(restart_when::always);
    options.restart.restarts_max = 1;
    auto actor = here.host.spawn("quitter", options, std::string{"normal"}, std::string{moment});
    REQUIRE(actor);
    self->monitor(*actor);
    CHECK(end_of(self, *actor) == errc::restarts_exhausted);
  }
  CHECK(eventually([&] { return here.host.live_workers() == 0 && count_children() == 0; }));
}

TEST_CASE("a pool of actors that quit at once is an error, and so is one asked for without blocking") {
  host_fixture here;
  for (auto moment : {"now", "first turn"}) {
    pool_options options;
    options.workers_min = options.workers_max = 2;
    auto pool = here.host.pool("quitter", options, std::string{"normal"}, std::string{moment});
    if (pool) { // it has come up before its actors quit
      caf::scoped_actor self{here.sys};
      self->monitor(*pool);
      CHECK(end_of(self, *pool));
    } else {
      CHECK(pool.error() == errc::startup_failed);
    }
  }
  caf::scoped_actor self{here.sys};
  caf::error told;
  self->spawn<caf::monitored>([&here, &told](caf::event_based_actor* asker) {
    here.host
      .spawn_async(asker, "quitter", restarted(restart_when::on_crash), std::string{"normal"}, std::string{"now"})
      .then([&told](const caf::actor&) { told = caf::exit_reason::normal; }, [&told](caf::error& why) { told = why; });
  });
  self->receive([](caf::down_msg&) {}, caf::after(test_support::patience) >> [] {});
  CHECK(told == caf::exit_reason::normal);
}

TEST_CASE("a supervisor whose heavy child quits at once goes on, and can be told to end") {
  host_fixture here;
  caf::scoped_actor self{here.sys};
  std::vector<child_spec> children;
  children.push_back(
    heavy_child("once", "quitter", restarted(restart_when::on_crash), std::string{"normal"}, std::string{"now"})
      .restarts(restart_type::transient));
  children.push_back(heavy_child("steady", "steady", {}));
  auto top = supervise(here.sys, {}, std::move(children));
  REQUIRE(top);
  CHECK(ask<caf::actor>(self, *top, caf::get_atom_v, std::string{"steady"}));
  self->monitor(*top);
  self->send_exit(*top, caf::exit_reason::user_shutdown);
  CHECK(end_of(self, *top) == caf::exit_reason::user_shutdown);
}

TEST_CASE("a supervisor that is told to end in the middle of a start waits no longer than its child may take to end") {
  host_fixture here;
  caf::scoped_actor self{here.sys};
  std::vector<child_spec> children;
  children.push_back(heavy_child("slow", "steady", hanging()).stops_within(50ms));
  auto top = supervise(here.sys, {}, std::move(children));
  REQUIRE(top);
  REQUIRE(eventually([&] { return here.host.live_workers() == 1; }));
  self->monitor(*top);
  self->send_exit(*top, caf::exit_reason::user_shutdown);
  CHECK(end_of(self, *top) == caf::exit_reason::user_shutdown);
}

TEST_CASE("a child that is told to end in the middle of its start waits no longer than it may take to end") {
  host_fixture here;
  auto top = supervise(here.sys, {}, {});
  REQUIRE(top);
  auto started = start_child(*top, heavy_child("slow", "steady", hanging()).stops_within(50ms));
  REQUIRE(eventually([&] { return here.host.live_workers() == 1; }));
  CHECK(stop_child(*top, "slow").get());
  auto result = started.get();
  REQUIRE_FALSE(result);
  CHECK(is_down(result.error()));
  caf::anon_send_exit(*top, caf::exit_reason::user_shutdown);
}

TEST_CASE("an executor that cancels all ends, although a worker is in the middle of its start") {
  host_fixture here;
  executor_options options;
  options.workers_max = 1;
  options.worker = hanging();
  SECTION("its process starts") {}
  SECTION("its own initializer runs") {
    std::swap(options.initializer, options.worker.initializer);
  }
  executor pool{here.sys, options};
  auto task = pool.submit<&starts::leave_a_mark>(std::string{"/dev/null"});
  REQUIRE(eventually([&] { return count_children() == 1; }));
  CHECK_FALSE(pool.shutdown_and_wait(at_shutdown::cancel_all));
  auto result = task.get();
  REQUIRE_FALSE(result);
  CHECK(result.error() == errc::cancelled);
  CHECK(eventually([&] { return count_children() == 0; }));
}

TEST_CASE("a pool that is told to end while a member starts ends before that start would") {
  host_fixture here;
  scratch_file first;
  pool_options options;
  options.workers_max = 2;
  options.prefetch_max = 1;
  options.grow_after = 0ms;
  options.worker = hanging();
  options.worker.initializer = call<&starts::hang_unless_first>(first.path());
  auto pool = here.host.pool("steady", options);
  REQUIRE(pool);
  caf::scoped_actor self{here.sys};
  auto pid = ask<int32_t>(self, *pool, caf::get_atom_v);
  REQUIRE(pid);
  REQUIRE(test_support::freeze(*pid));
  for (int i = 0; i < 4; ++i)
    self->send(*pool, caf::get_atom_v);
  REQUIRE(eventually([&] { return here.host.status(*pool)->starting == 1; }));
  self->monitor(*pool);
  SECTION("by an exit message") {
    self->send_exit(*pool, caf::exit_reason::user_shutdown);
    REQUIRE(::kill(*pid, SIGCONT) == 0);
  }
  SECTION("by force") {
    CHECK(here.host.kill(*pool));
  }
  CHECK(end_of(self, *pool));
  CHECK(eventually([&] { return count_children() == 0; }));
}

TEST_CASE("a handle that goes, and a system that ends, end a start that is under way") {
  scratch_file first;
  {
    host_fixture here;
    auto options = restarted(restart_when::on_crash);
    options.startup_timeout = 1h;
    options.stop_timeout = 50ms;
    options.initializer = call<&starts::hang_unless_first>(first.path());
    auto gone = here.host.spawn("steady", options);
    auto kept = here.host.spawn("steady", restarted(restart_when::on_crash));
    REQUIRE((gone && kept));
    caf::scoped_actor self{here.sys};
    auto pid = ask<int32_t>(self, *gone, caf::get_atom_v);
    REQUIRE(pid);
    REQUIRE(::kill(*pid, SIGKILL) == 0);
    REQUIRE(eventually([&] { return first.size() == 2; }));
    gone = caf::sec::none;
    CHECK(eventually([&] { return here.host.live_workers() == 1; }));
  }
  CHECK(count_children() == 0);
}
