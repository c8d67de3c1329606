// What coroutines await of an executor.
//
// Catches a future that can be awaited once only, an error of one element that ends a map, and tasks or workers that are left behind
// when nobody waits for them any more.
#include "actors.hpp"
#include "support/generated_range.hpp"

#include <bulkhead/executor.hpp>
#include <bulkhead/gather.hpp>
#include <bulkhead/map.hpp>

#include <catch2/catch.hpp>

#include <fstream>
#include <stdexcept>
#include <vector>

using namespace test_support;
using bulkhead::awaitable;
using bulkhead::errc;
using coroutines::run;
using namespace std::chrono_literals;

namespace {

int32_t picky(int32_t x) {
  if (x % 3 == 2)
    throw std::invalid_argument{"two"};
  return x;
}

int32_t wait_at(const std::string& path) {
  return gate::wait_for(path) ? 1 : 0;
}

// Says that it has begun to start, and goes on when the door is open.
caf::behavior slow_starter(caf::event_based_actor*, const std::string& begun, const std::string& door) {
  std::ofstream{begun} << "1";
  gate::wait_for(door);
  return {[](caf::get_atom) { return int32_t{1}; }};
}

const known_actor slow_starter_known{bulkhead::heavy<"co_slow_starter", slow_starter>::add_to};

awaitable<int32_t> ask_slow_starter(caf::event_based_actor* self, std::string begun, std::string door) {
  auto worker = co_await bulkhead::spawn(self, "co_slow_starter", begun, door);
  co_return co_await bulkhead::request<int32_t>(self, worker, patience, caf::get_atom_v);
}

// Needs the results of calls that do not end.
awaitable<> map_for_ever(bulkhead::executor pool, std::string path, bool in_order) {
  auto paths = test_support::endless([path](int) { return path; });
  if (in_order) {
    auto results = bulkhead::map<&wait_at>(pool, paths, {.chunks_in_flight_max = 4});
    co_await results.next();
  } else {
    auto results = bulkhead::map_unordered<&wait_at>(pool, paths, {.chunks_in_flight_max = 4});
    co_await results.next();
  }
}

} // namespace

TEST_CASE("a future that has a name is awaited as often as it is wanted") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto sum = run<int32_t>(f, [&](caf::event_based_actor*) -> awaitable<int32_t> {
    auto x = pool.submit<&coroutines::square>(3);
    const auto y = x;
    auto first = co_await x;
    auto second = co_await y;
    auto third = co_await bulkhead::as_expected(x);
    auto [fourth, fifth] = co_await (x && y);
    co_await pool.when_room();
    auto done = pool.when_room();
    co_await done;
    co_return first + second + *third + fourth + fifth + co_await std::move(x);
  });
  CHECK(sum == 6 * 9);
}

TEST_CASE("a coroutine awaits the results of a map, and the error of one leaves the others alone") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  auto numbers = test_support::numbers(0, 30);
  auto log = run<std::string>(f, [&](caf::event_based_actor*) -> awaitable<std::string> {
    int32_t sum = 0;
    int32_t failed = 0;
    auto in_order = bulkhead::map<&picky>(pool, numbers, {.chunk = 4, .chunks_in_flight_max = 2});
    while (auto y = in_order.next())
      try {
        sum += co_await y;
      } catch (const bulkhead::failure& x) {
        failed += x.reason() == errc::task_failed ? 1 : 0;
      }
    auto as_completed = bulkhead::map_unordered<&picky>(pool, numbers, {.chunk = 4, .chunks_in_flight_max = 2});
    while (auto y = as_completed.next()) {
      auto [index, result] = co_await y;
      if (result)
        sum -= static_cast<int32_t>(index);
      else
        failed += index % 3 == 2 ? 1 : 0;
    }
    co_return std::to_string(sum) + " " + std::to_string(failed);
  });
  CHECK(log == std::string{"0 20"});
}

TEST_CASE("a map ends with the coroutine that awaits its results, which is cancelled or ends with its actor") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  for (auto in_order : {true, false}) {
    gate door;
    auto result = run<void>(f, [&](caf::event_based_actor*) -> awaitable<> {
      co_await bulkhead::with_timeout(map_for_ever(pool, door.path(), in_order), 1ms);
    });
    CHECK(result.error() == caf::sec::request_timeout);
    CHECK(eventually([&] { return pool.unfinished() == 0; }));
    auto actor = f.sys.spawn([=, path = door.path()](caf::event_based_actor* me) -> caf::behavior {
      bulkhead::co_spawn(me, map_for_ever(pool, path, in_order));
      return {[](caf::get_atom) {}};
    });
    CHECK(ask<void>(self, actor, caf::get_atom_v));
    CHECK(pool.unfinished() == 4);
    self->send_exit(actor, caf::exit_reason::user_shutdown);
    CHECK(eventually([&] { return pool.unfinished() == 0; }));
  }
  CHECK(pool.submit<&coroutines::square>(3).get() == 9);
}

TEST_CASE("futures of several types are awaited as one") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  auto sum = run<int32_t>(f, [&](caf::event_based_actor*) -> awaitable<int32_t> {
    auto [x, nothing, text] = co_await bulkhead::gather(pool.submit<&coroutines::square>(3), pool.when_room(),
                                                        pool.submit([] { return std::string{"abc"}; }));
    co_return x + static_cast<int32_t>(text.size());
  });
  CHECK(sum == 12);
}

TEST_CASE("a spawn that is cancelled while its worker starts, or whose actor ends then, leaves no worker behind") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto before = count_children();
  for (auto how : {"cancelled", "ended"}) {
    CAPTURE(how);
    gate begun;
    gate door;
    std::optional<bulkhead::future<int32_t>> asked;
    auto actor = f.sys.spawn([&](caf::event_based_actor* me) -> caf::behavior {
      asked = bulkhead::create_task(me, ask_slow_starter(me, begun.path(), door.path()));
      return {[](caf::get_atom) {}};
    });
    CHECK(ask<void>(self, actor, caf::get_atom_v));
    REQUIRE(gate::wait_for(begun.path()));
    CHECK(count_children() == before + 1);
    if (how == std::string{"cancelled"}) {
      CHECK(asked->cancel());
      CHECK(asked->get().error() == errc::cancelled);
      CHECK(ask<void>(self, actor, caf::get_atom_v)); // the cancellation went before
    } else {
      self->send_exit(actor, caf::exit_reason::user_shutdown);
      self->wait_for(actor);
      CHECK(asked->get().error() == caf::sec::request_receiver_down);
    }
    door.open();
    CHECK(eventually([&] { return f.host.live_workers() == 0; }));
    CHECK(eventually([&] { return count_children() == before; }));
    self->send_exit(actor, caf::exit_reason::user_shutdown);
  }
  gate begun;
  gate open;
  open.open();
  auto answer =
    run<int32_t>(f, [&](caf::event_based_actor* me) { return ask_slow_starter(me, begun.path(), open.path()); });
  CHECK(answer == 1); // and would have been there
}
