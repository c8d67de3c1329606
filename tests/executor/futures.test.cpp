// Catches a future that blocks a thread that runs actors, runs its handlers outside of the actor, or forgets somebody who waits.
#include "tasks.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>

using namespace test_support;
using bulkhead::errc;
using namespace std::chrono_literals;

namespace {

caf::behavior squarer(caf::event_based_actor* self, bulkhead::executor pool) {
  return {
    [self, pool](int32_t x) -> caf::result<int32_t> {
      if (x < 0)
        return pool.submit<&tasks::throw_out_of_range>(x).respond(self);
      return pool.submit<&tasks::square>(x).respond(self);
    },
    [self, pool](const std::string& path) -> caf::result<void> {
      return pool.submit<&tasks::leave_trace>(path).respond(self);
    },
    [pool](caf::get_atom) { return pool.submit<&tasks::square>(1).get().error(); },
  };
}

} // namespace

TEST_CASE("an actor gets value and error of a future as messages of its own") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  caf::scoped_actor observer{f.sys};
  auto boss = caf::actor_cast<caf::actor>(observer);
  f.sys.spawn([pool, boss](caf::event_based_actor* self) {
    pool.submit<&tasks::square>(6).then(self, [self, boss](int32_t y) { self->send(boss, y); });
    pool.submit<&tasks::leave_trace>("/dev/null").then(self, [self, boss] { self->send(boss, caf::ok_atom_v); });
    pool.submit<&tasks::throw_out_of_range>(6).then(
      self, [](int32_t) {}, [self, boss](const caf::error& reason) { self->send(boss, reason); });
  });
  size_t seen = 0;
  for (int i = 0; i < 3; ++i)
    observer->receive([&](int32_t y) { seen += y == 36; }, [&](caf::ok_atom) { ++seen; },
                      [&](const caf::error& reason) { seen += reason == errc::task_failed; },
                      caf::after(patience) >> [] { FAIL("no message"); });
  CHECK(seen == 3);
}

TEST_CASE("a future without an error handler ends its actor with the error") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  caf::scoped_actor self{f.sys};
  auto careless = f.sys.spawn([pool](caf::event_based_actor* me) -> caf::behavior {
    pool.submit<&tasks::throw_out_of_range>(6).then(me, [](int32_t) {});
    return {[](int32_t) {}};
  });
  self->monitor(careless);
  CHECK(end_of(self, careless) == caf::make_error(errc::task_failed, "std::out_of_range: no 6"));
}

TEST_CASE("nothing runs for an actor that has ended before its future") {
  host_fixture f;
  gate door;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto ran = std::make_shared<std::atomic<bool>>(false);
  caf::scoped_actor self{f.sys};
  auto held = pool.submit<&tasks::wait_at>(door.path(), 1);
  auto ended = f.sys.spawn([=](caf::event_based_actor* me) -> caf::behavior {
    held.then(
      me, [ran](int32_t) { *ran = true; }, [ran](const caf::error&) { *ran = true; });
    return {[](int32_t) {}};
  });
  self->send_exit(ended, caf::exit_reason::user_shutdown);
  self->wait_for(ended);
  door.open();
  CHECK(held.get() == 1);
  CHECK(pool.submit<&tasks::square>(2).get() == 4);
  CHECK_FALSE(*ran);
}

TEST_CASE("a request is answered by a task") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  caf::scoped_actor self{f.sys};
  auto actor = f.sys.spawn(squarer, pool);
  CHECK(ask<int32_t>(self, actor, int32_t{9}) == 81);
  CHECK(ask<int32_t>(self, actor, int32_t{-9}).error() == errc::task_failed);
  CHECK(ask<void>(self, actor, std::string{"/dev/null"}));
  self->send_exit(actor, caf::exit_reason::user_shutdown);
}

TEST_CASE("waiting for a future inside an event-based actor is an error and no deadlock") {
  host_fixture f{1};
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  caf::scoped_actor self{f.sys};
  auto actor = f.sys.spawn(squarer, pool);
  caf::error got;
  self->request(actor, patience, caf::get_atom_v)
    .receive([](int32_t) {}, [&](const caf::error& reason) { got = reason; });
  CHECK(got == errc::would_block);
  self->send_exit(actor, caf::exit_reason::user_shutdown);
}

TEST_CASE("a wait that ends early leaves the task alone") {
  host_fixture f;
  gate door;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto held = pool.submit<&tasks::wait_at>(door.path(), 3);
  CHECK(held.wait_for(1ms).error() == caf::sec::request_timeout);
  CHECK_FALSE(held.ready());
  door.open();
  CHECK(held.wait_for(patience) == 3);
  CHECK(held.get() == 3);
}

TEST_CASE("callbacks run for each that waits, also when the value is there already") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto sum = std::make_shared<std::atomic<int32_t>>(0);
  auto add = [sum](const caf::expected<int32_t>& y) { *sum += y ? *y : 1000; };
  auto result = pool.submit<&tasks::square>(2);
  result.on_done(add);
  result.on_done(add);
  CHECK(result.get() == 4);
  result.on_done(add);
  CHECK(eventually([&] { return *sum == 12; }));
}

TEST_CASE("a callback or a log sink that throws costs nothing else") {
  host_fixture f;
  auto lines = std::make_shared<std::atomic<int32_t>>(0);
  f.host.log_to([lines](std::string_view) {
    ++*lines;
    throw 7;
  });
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto sum = std::make_shared<std::atomic<int32_t>>(0);
  auto result = pool.submit<&tasks::square>(2);
  result.on_done([](const caf::expected<int32_t>&) { throw 7; });
  result.on_done([sum](const caf::expected<int32_t>& y) { *sum += y ? *y : 1000; });
  CHECK(eventually([&] { return *sum == 4; }));
  CHECK_FALSE(pool.submit<&tasks::crash>(1).get());
  CHECK(eventually([&] { return *lines > 1; }));
  CHECK(pool.submit<&tasks::square>(3).get() == 9);
}

TEST_CASE("a task that a callback submits runs as well") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto last = std::make_shared<std::atomic<int32_t>>(0);
  pool.submit<&tasks::square>(2).on_done([=](const caf::expected<int32_t>& y) {
    pool.submit<&tasks::square>(*y).on_done([last](const caf::expected<int32_t>& z) { *last = *z; });
  });
  CHECK(eventually([&] { return *last == 16; }));
}

TEST_CASE("without the module every task fails with an error that says so") {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  bulkhead::executor pool{sys};
  CHECK(pool.submit<&tasks::square>(2).get().error() == errc::not_loaded);
}
