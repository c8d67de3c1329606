// Worker processes that come and go while a light actor lives on that has spoken with all of them. What would be caught: anything that
// stays at that actor, or in the tables of the host, for the sake of a process.
#include "actors.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <functional>

using namespace endurance;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using test_support::patience;

namespace {

// The host remembers why the last 1024 processes and actors ended, which is at most this for each of fewer.
constexpr size_t remembered_bytes_max = 3'000;

constexpr size_t few = test_support::sanitized ? 20 : 100;

bulkhead::restart_policy tireless() {
  return {.when = bulkhead::restart_when::on_crash,
          .restarts_max = 1'000,
          .within = 1ms,
          .backoff_min = 0ms,
          .backoff_max = 1ms};
}

// Each round ends one process, whose place is taken by another one perhaps.
void check_rounds(site& here, const std::function<void()>& round) {
  size_t observers = 0;
  auto remembered = rounds{.first = few / 4, .more = few, .bytes_max = remembered_bytes_max};
  CHECK(stays_level(remembered, [&](size_t i) {
    round();
    if (i + 1 == remembered.first)
      observers = here.observers();
  }));
  CHECK(observers > 0);
  CHECK(eventually([&] { return here.observers() <= observers; }));
}

} // namespace

TEST_CASE("workers that end in good order leave nothing at an actor that spoke with them") {
  site here;
  check_rounds(here, [&] {
    auto who = here.spawn();
    CHECK(ask<int32_t>(here.self, who, int32_t{1}) == 1);
    here.self->monitor(who);
    here.self->send(who, caf::close_atom_v);
    CHECK(test_support::end_of(here.self, who).has_value());
    REQUIRE(eventually([&] { return here.host.live_workers() == 0; }));
  });
}

TEST_CASE("workers that crash or are killed leave nothing at an actor that spoke with them") {
  site here;
  auto kills = GENERATE(false, true);
  CAPTURE(kills);
  check_rounds(here, [&] {
    auto who = here.spawn();
    if (kills) {
      CHECK(ask<int32_t>(here.self, who, int32_t{1}) == 1);
      here.host.kill(who);
    }
    auto failed = ask<int32_t>(here.self, who, int32_t{-1});
    CHECK(!failed);
    REQUIRE(eventually([&] { return here.host.live_workers() == 0; }));
  });
}

TEST_CASE("processes of one supervised actor leave nothing at an actor that spoke with all of them") {
  site here;
  auto who = here.spawn({.restart = tireless()});
  here.self->monitor(who);
  check_rounds(here, [&] {
    CHECK(!ask<int32_t>(here.self, who, int32_t{-1}));
    CHECK(ask<int32_t>(here.self, who, int32_t{1}) == 1);
  });
}

TEST_CASE("members of a pool that die leave nothing at an actor that spoke with all of them") {
  site here;
  bulkhead::pool_options options;
  options.workers_min = options.workers_max = 2;
  options.restart = tireless();
  auto pool = here.host.pool("worker", options);
  REQUIRE(pool);
  check_rounds(here, [&] {
    CHECK(!ask<int32_t>(here.self, *pool, int32_t{-1}));
    CHECK(ask<int32_t>(here.self, *pool, int32_t{1}) == 1);
  });
}

TEST_CASE("an actor that is recycled again and again leaves nothing at an actor that spoke with all of its processes") {
  std::atomic<size_t> recycled = 0;
  site here;
  auto listener = here.sys.spawn([&recycled](caf::event_based_actor* self) -> caf::behavior {
    self->set_default_handler(caf::drop);
    return {[&recycled](const bulkhead::supervision_event& x) {
      recycled += x.what == bulkhead::supervision_incident::recycled ? 1 : 0;
    }};
  });
  here.host.subscribe(listener);
  auto who = here.spawn({.restart = tireless()});
  size_t expected = 0;
  check_rounds(here, [&] {
    CHECK(ask<int32_t>(here.self, who, int32_t{1}) == 1);
    REQUIRE(here.host.recycle(who));
    REQUIRE(eventually([&, next = ++expected] { return recycled == next; }));
  });
  caf::anon_send_exit(listener, caf::exit_reason::user_shutdown);
}
