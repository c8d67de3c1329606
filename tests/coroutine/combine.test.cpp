// Coroutines that run at once, and what cancels them.
//
// Catches a cancellation that does not reach what is awaited, a first error that is lost, and a group that ends before its members.
#include "actors.hpp"

#include <bulkhead/executor.hpp>

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace test_support;
using bulkhead::awaitable;
using bulkhead::errc;
using coroutines::census;
using coroutines::run;
using namespace std::chrono_literals;

namespace {

awaitable<int32_t> doubled(caf::event_based_actor* self, caf::actor peer, int32_t x) {
  co_return co_await bulkhead::request<int32_t>(self, peer, patience, x);
}

awaitable<> throw_later(std::string what) {
  co_await bulkhead::delay(1ms);
  throw std::runtime_error{what};
}

awaitable<> wait_for_ever(caf::event_based_actor* self, std::string kind, caf::actor silent, census count) {
  co_await coroutines::wait_for_ever(self, kind, silent, count.enter());
}

} // namespace

TEST_CASE("both of two are awaited at once: coroutines, requests and futures") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  auto peer = f.sys.spawn(coroutines::doubler);
  auto sum = run<int32_t>(f, [&](caf::event_based_actor* me) -> awaitable<int32_t> {
    auto [a, b] = co_await (pool.submit<&coroutines::square>(3) && pool.submit<&coroutines::square>(4));
    auto [c, d] = co_await (bulkhead::request<int32_t>(me, peer, patience, int32_t{1}) && doubled(me, peer, 2));
    auto e = co_await (bulkhead::delay(1ms) && pool.submit<&coroutines::square>(5));
    auto [g, h, i] = co_await (doubled(me, peer, 1) && pool.submit<&coroutines::square>(1) && doubled(me, peer, 1));
    co_await (bulkhead::delay(1us) && bulkhead::delay(1us));
    co_return a + b + c + d + e + g + h + i + co_await pool.submit<&coroutines::square>(1);
  });
  CHECK(sum == 9 + 16 + 2 + 4 + 25 + 2 + 1 + 2 + 1);
}

TEST_CASE("the first error of both cancels the other one and is thrown") {
  host_fixture f;
  auto silent = f.sys.spawn(coroutines::silent);
  census count;
  auto result = run<void>(f, [&](caf::event_based_actor* me) -> awaitable<> {
    co_await (wait_for_ever(me, "a request", silent, count) && throw_later("first"));
  });
  CHECK(result.error() == caf::make_error(caf::sec::runtime_error, "first"));
  CHECK(count.count() == 0);
}

TEST_CASE("the first of two that succeeds wins, and the other one is cancelled") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto peer = f.sys.spawn(coroutines::doubler);
  auto silent = f.sys.spawn(coroutines::silent);
  census count;
  auto result = run<std::string>(f, [&](caf::event_based_actor* me) -> awaitable<std::string> {
    auto x = co_await (wait_for_ever(me, "a timer", silent, count) || doubled(me, peer, 4));
    auto y = co_await (throw_later("not this") || pool.submit<&coroutines::square>(3) || bulkhead::delay(24h));
    auto log = std::to_string(x.index()) + std::to_string(std::get<1>(x)) + std::to_string(y.index())
               + std::to_string(std::get<1>(y));
    try {
      co_await (throw_later("a") || throw_later("b"));
    } catch (const std::runtime_error& e) {
      log += e.what();
    }
    co_return log;
  });
  CHECK(result == std::string{"1819a"});
  CHECK(count.count() == 0);
}

TEST_CASE("a time limit cancels what takes too long, whatever it is") {
  host_fixture f;
  auto silent = f.sys.spawn(coroutines::silent);
  for (auto kind : coroutines::kinds) {
    CAPTURE(kind);
    census count;
    auto result = run<void>(f, [&](caf::event_based_actor* me) -> awaitable<> {
      co_await bulkhead::with_timeout(wait_for_ever(me, kind, silent, count), 2ms);
    });
    CHECK(result.error() == caf::sec::request_timeout);
    CHECK(count.empty()); // a task that was created in there ends by a message of its own
  }
}

TEST_CASE("of two time limits the first one holds, and a result in time is one") {
  host_fixture f;
  auto silent = f.sys.spawn(coroutines::silent);
  auto peer = f.sys.spawn(coroutines::doubler);
  census count;
  auto outer = run<std::string>(f, [&](caf::event_based_actor* me) -> awaitable<std::string> {
    auto x = co_await bulkhead::as_expected(
      bulkhead::with_timeout(bulkhead::with_timeout(wait_for_ever(me, "a request", silent, count), 24h), 1ms));
    auto y = co_await bulkhead::as_expected(
      bulkhead::with_timeout(bulkhead::with_timeout(wait_for_ever(me, "a request", silent, count), 1ms), 24h));
    auto z = co_await bulkhead::with_timeout(bulkhead::request<int32_t>(me, peer, caf::infinite, int32_t{4}), 24h);
    co_return to_string(x.error()) + to_string(y.error()) + std::to_string(z);
  });
  CHECK(outer == "caf::sec::request_timeoutcaf::sec::request_timeout8");
}

TEST_CASE("a cancelled request has no entry in its actor any more, and its late response is dropped") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto boss = caf::actor_cast<caf::actor>(self);
  auto late = f.sys.spawn([](caf::event_based_actor* me) -> caf::behavior {
    auto promise = std::make_shared<caf::response_promise>();
    return {
      [=](int32_t) {
        *promise = me->make_response_promise();
        return *promise;
      },
      [=](caf::get_atom) { promise->deliver(int32_t{1}); },
    };
  });
  auto actor = f.sys.spawn([=](caf::event_based_actor* me) { // lives as long as its coroutine or a request
    bulkhead::co_spawn(me, [](caf::event_based_actor* me2, caf::actor to, caf::actor from) -> awaitable<> {
      auto x = co_await bulkhead::as_expected(
        bulkhead::with_timeout(bulkhead::request<int32_t>(me2, from, caf::infinite, int32_t{1}), 1ms));
      co_await bulkhead::request(me2, from, patience, caf::get_atom_v);
      me2->send(to, to_string(x.error()));
    }(me, boss, late));
  });
  self->monitor(actor);
  CHECK(next<std::string>(self) == "caf::sec::request_timeout");
  CHECK(end_of(self, actor) == caf::error{});
}

TEST_CASE("a task that runs is cancelled with the coroutine that awaits it, and with the end of its actor") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  for (auto how : {"cancelled", "ended"}) {
    CAPTURE(how);
    gate begun;
    auto hanging = std::make_shared<bulkhead::future<void>>();
    auto actor = f.sys.spawn([=, path = begun.path()](caf::event_based_actor* me) -> caf::behavior {
      auto wait = [](bulkhead::executor where, std::string file,
                     std::shared_ptr<bulkhead::future<void>> out) -> awaitable<> {
        *out = where.submit<&coroutines::hang>(file);
        co_await *out;
      };
      auto task = bulkhead::create_task(me, wait(pool, path, hanging));
      return {
        [](caf::get_atom) {},
        [=](caf::close_atom) { return task.cancel(); },
      };
    });
    CHECK(ask<void>(self, actor, caf::get_atom_v));
    REQUIRE(gate::wait_for(begun.path()));
    if (how == std::string{"cancelled"})
      CHECK(ask<bool>(self, actor, caf::close_atom_v) == true);
    else
      self->send_exit(actor, caf::exit_reason::user_shutdown);
    CHECK(hanging->get().error() == errc::cancelled);
    CHECK(pool.submit<&coroutines::square>(3).get() == 9);
    self->send_exit(actor, caf::exit_reason::user_shutdown);
  }
}

TEST_CASE("a group ends when all of its members have ended, and the first error cancels the rest") {
  host_fixture f;
  auto silent = f.sys.spawn(coroutines::silent);
  auto peer = f.sys.spawn(coroutines::doubler);
  census count;
  auto good = run<int32_t>(f, [&](caf::event_based_actor* me) -> awaitable<int32_t> {
    int32_t sum = 0;
    auto add = [&](int32_t x) -> awaitable<> { sum += co_await bulkhead::request<int32_t>(me, peer, patience, x); };
    auto late = [&](bulkhead::task_group group) -> awaitable<> {
      co_await bulkhead::delay(1ms);
      group.add(add(4));
    };
    auto result = co_await bulkhead::with_task_group([&](bulkhead::task_group group) -> awaitable<int32_t> {
      for (int32_t i = 1; i <= 3; ++i)
        group.add(add(i));
      group.add(late(group));
      co_return 1000;
    });
    co_return result + sum;
  });
  CHECK(good == 1020);
  auto bad = run<void>(f, [&](caf::event_based_actor* me) -> awaitable<> {
    co_await bulkhead::with_task_group([&](bulkhead::task_group group) -> awaitable<> {
      for (auto kind : coroutines::kinds)
        group.add(wait_for_ever(me, kind, silent, count));
      group.add(throw_later("first"));
      co_await coroutines::wait_for_ever(me, "a timer", silent, count.enter());
    });
  });
  CHECK(bad.error() == caf::make_error(caf::sec::runtime_error, "first"));
  CHECK(count.empty());
  auto body = run<void>(f, [&](caf::event_based_actor* me) -> awaitable<> {
    co_await bulkhead::with_task_group([&](bulkhead::task_group group) -> awaitable<> {
      group.add(wait_for_ever(me, "a socket", silent, count));
      throw std::runtime_error{"body"};
      co_return;
    });
  });
  CHECK(body.error() == caf::make_error(caf::sec::runtime_error, "body"));
  CHECK(count.empty());
  auto given_up = run<void>(f, [&](caf::event_based_actor* me) -> awaitable<> {
    co_await bulkhead::with_task_group([&](bulkhead::task_group group) -> awaitable<> {
      group.add(wait_for_ever(me, "a message", silent, count));
      co_await bulkhead::delay(1us);
      group.cancel();
      group.add(wait_for_ever(me, "a message", silent, count));
    });
  });
  CHECK(given_up.error() == errc::cancelled);
  CHECK(count.count() == 0);
}

TEST_CASE("a task's future fails when its actor ends, and gives the value or the error of its coroutine") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto silent = f.sys.spawn(coroutines::silent);
  auto peer = f.sys.spawn(coroutines::doubler);
  CHECK(run<int32_t>(f, [&](caf::event_based_actor* me) { return doubled(me, peer, 4); }) == 8);
  CHECK(run<int32_t>(f, [&](caf::event_based_actor* me) { return doubled(me, peer, -4); }).error()
        == caf::sec::invalid_argument);
  std::optional<bulkhead::future<int32_t>> lost;
  auto actor = f.sys.spawn([&lost, silent](caf::event_based_actor* me) -> caf::behavior {
    lost = bulkhead::create_task(me, doubled(me, silent, 1));
    return {[](caf::get_atom) {}};
  });
  CHECK(ask<void>(self, actor, caf::get_atom_v));
  self->send_exit(actor, caf::exit_reason::kill);
  CHECK(lost->get().error() == caf::sec::request_receiver_down);
}
