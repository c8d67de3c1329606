// Catches a deadline that does not reach what is awaited below it, or of which the wrong one holds.
#include "actors.hpp"

#include <bulkhead/executor.hpp>

#include <catch2/catch.hpp>

#include <functional>

using namespace test_support;
using bulkhead::awaitable;
using bulkhead::errc;
using coroutines::census;
using coroutines::run;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

// A request without a timeout of its own, two coroutines below.
awaitable<int32_t> ask(caf::event_based_actor* self, caf::actor whom, census::entry) {
  co_return co_await bulkhead::request<int32_t>(self, whom, caf::infinite, int32_t{4});
}

awaitable<int32_t> ask_below(caf::event_based_actor* self, caf::actor whom, census count) {
  co_return co_await ask(self, whom, count.enter());
}

} // namespace

TEST_CASE("a deadline bounds the request that is awaited below it, and nothing of that is left") {
  host_fixture f;
  auto silent = f.sys.spawn(coroutines::silent);
  auto peer = f.sys.spawn(coroutines::doubler);
  census count;
  auto give = [&](caf::actor whom, clock_type::time_point when) {
    return run<int32_t>(f, [&](caf::event_based_actor* me) -> awaitable<int32_t> {
      co_return co_await bulkhead::with_deadline(ask_below(me, whom, count), when);
    });
  };
  CHECK(give(silent, clock_type::now() + 2ms).error() == caf::sec::request_timeout);
  CHECK(give(silent, clock_type::now()).error() == caf::sec::request_timeout);
  CHECK(give(silent, clock_type::now() - 1h).error() == caf::sec::request_timeout);
  CHECK(give(silent, clock_type::time_point::min()).error() == caf::sec::request_timeout);
  CHECK(give(peer, clock_type::now() + 24h) == 8);
  CHECK(give(peer, clock_type::time_point::max()) == 8);
  CHECK(count.count() == 0);
  auto direct = run<int32_t>(f, [&](caf::event_based_actor* me) -> awaitable<int32_t> {
    co_return co_await bulkhead::with_deadline(bulkhead::request<int32_t>(me, silent, caf::infinite, int32_t{4}),
                                               clock_type::now() + 2ms);
  });
  CHECK(direct.error() == caf::sec::request_timeout);
  auto for_ever = run<int32_t>(f, [&](caf::event_based_actor* me) -> awaitable<int32_t> {
    co_return co_await bulkhead::with_timeout(ask_below(me, peer, count), std::chrono::nanoseconds::max());
  });
  CHECK(for_ever == 8);
}

TEST_CASE("of deadlines around each other the nearest holds, wherever it stands") {
  host_fixture f;
  auto silent = f.sys.spawn(coroutines::silent);
  auto peer = f.sys.spawn(coroutines::doubler);
  census count;
  auto outer = run<int32_t>(f, [&](caf::event_based_actor* me) -> awaitable<int32_t> {
    auto now = clock_type::now();
    co_return co_await bulkhead::with_deadline(bulkhead::with_deadline(ask_below(me, silent, count), now + 24h),
                                               now + 2ms);
  });
  CHECK(outer.error() == caf::sec::request_timeout);
  CHECK(count.count() == 0);
  auto inner = run<int32_t>(f, [&](caf::event_based_actor* me) -> awaitable<int32_t> {
    auto now = clock_type::now();
    auto try_both = [&]() -> awaitable<int32_t> {
      auto first = co_await bulkhead::as_expected(bulkhead::with_deadline(ask_below(me, silent, count), now + 2ms));
      co_return first.error() == caf::sec::request_timeout ? co_await ask_below(me, peer, count) : -1;
    };
    co_return co_await bulkhead::with_deadline(try_both(), now + 24h);
  });
  CHECK(inner == 8);
  CHECK(count.count() == 0);
  auto passed = run<int32_t>(f, [&](caf::event_based_actor* me) -> awaitable<int32_t> {
    auto now = clock_type::now();
    auto stubborn = [&]() -> awaitable<int32_t> {
      auto first = co_await bulkhead::as_expected(ask_below(me, silent, count));
      co_return first ? -1 : co_await ask_below(me, peer, count); // after the deadline nothing is awaited any more
    };
    co_return co_await bulkhead::with_deadline(stubborn(), now + 2ms);
  });
  CHECK(passed.error() == caf::sec::request_timeout);
  CHECK(count.count() == 0);
}

TEST_CASE("a task that passes the deadline of who awaits it is cancelled") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  gate begun;
  auto hanging = pool.submit<&coroutines::hang>(begun.path());
  auto result = run<void>(f, [&](caf::event_based_actor*) -> awaitable<> {
    co_await bulkhead::with_deadline(hanging, clock_type::now() + 2ms);
  });
  CHECK(result.error() == caf::sec::request_timeout);
  CHECK(hanging.get().error() == errc::cancelled);
  CHECK(pool.submit<&coroutines::square>(3).get() == 9);
}
