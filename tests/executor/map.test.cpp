// Catches a map that reads its range further than it may, loses or mixes up results, or forgets somebody who waits for one.
#include "support/generated_range.hpp"
#include "tasks.hpp"

#include <bulkhead/gather.hpp>
#include <bulkhead/map.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>

using namespace test_support;
using bulkhead::errc;
using namespace std::chrono_literals;

namespace {

int32_t picky(int32_t x) {
  if (x % 10 == 3)
    throw std::invalid_argument{"three"};
  return x * 2;
}

int32_t negate(int32_t x) {
  return -x;
}

void accept(int32_t x) {
  if (x < 0)
    throw std::invalid_argument{"negative"};
}

std::string repeat(const std::string& text, int32_t count) {
  std::string result;
  for (int32_t i = 0; i < count; ++i)
    result += text;
  return result;
}

// Held up at the gate if the path is not empty.
int32_t pass(const std::string& path) {
  return path.empty() ? 0 : tasks::wait_at(path, 1);
}

} // namespace

TEST_CASE("map gives results in order for any chunk size, and each call has its own error") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  for (size_t chunk : {size_t{0}, size_t{1}, size_t{7}, size_t{1000}}) {
    auto results = bulkhead::map<&picky>(pool, test_support::numbers(0, 100), {.chunk = chunk});
    int32_t i = 0;
    for (auto x = results.next(); x; x = results.next(), ++i)
      if (i % 10 == 3)
        CHECK(x.get().error() == errc::task_failed);
      else
        CHECK(x.get() == i * 2);
    CHECK(i == 100);
    CHECK_FALSE(results.next());
  }
}

TEST_CASE("map reads no more of its range than it may have in flight, in order or not") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  size_t read = 0;
  auto endless = test_support::endless([&read](int32_t x) {
    ++read;
    return x % 1000;
  });
  auto in_order = bulkhead::map<&tasks::square>(pool, endless, {.chunk = 2, .chunks_in_flight_max = 3});
  CHECK(read == 0);
  for (size_t i = 0; i < 50; ++i) {
    CHECK(in_order.next().get() == static_cast<int32_t>(i * i));
    CHECK(read <= i + 6);
  }
  read = 0;
  auto as_completed = bulkhead::map_unordered<&tasks::square>(pool, endless, {.chunk = 2, .chunks_in_flight_max = 3});
  for (size_t i = 0; i < 50; ++i) {
    CHECK(as_completed.next().get());
    CHECK(read <= i + 6);
  }
  CHECK(pool.unfinished() <= 2 * 3);
}

TEST_CASE("map_unordered gives each result as it is completed, with the place of its element") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  gate door;
  std::vector<std::string> elements{"", door.path(), "", "", ""};
  auto results = bulkhead::map_unordered<&pass>(pool, elements);
  std::vector<size_t> order;
  for (int i = 0; i < 4; ++i) {
    auto x = results.next().get();
    REQUIRE(x);
    CHECK(x->result == 0);
    order.push_back(x->index);
  }
  std::sort(order.begin(), order.end());
  CHECK(order == std::vector<size_t>{0, 2, 3, 4});
  auto last = results.next();
  CHECK_FALSE(last.ready());
  CHECK_FALSE(results.next());
  door.open();
  CHECK(last.get()->index == 1);
  CHECK(last.get()->result == 1);
}

TEST_CASE("map_unordered gives every result once for any chunk size, errors with the place of their element") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  for (size_t chunk : {size_t{1}, size_t{7}, size_t{1000}}) {
    auto results = bulkhead::map_unordered<&picky>(pool, test_support::numbers(0, 100), {.chunk = chunk});
    std::vector<int> seen(100);
    while (auto x = results.next()) {
      auto y = x.get();
      REQUIRE(y);
      ++seen.at(y->index);
      if (y->index % 10 == 3)
        CHECK(y->result.error() == errc::task_failed);
      else
        CHECK(y->result == static_cast<int32_t>(y->index * 2));
    }
    CHECK(seen == std::vector<int>(100, 1));
  }
}

TEST_CASE("an actor takes the results of a map without blocking its thread, and goes on meanwhile") {
  host_fixture f{1};
  caf::scoped_actor self{f.sys};
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  struct state {
    bulkhead::map_results<int32_t> squares;
    bulkhead::unordered_map_results<int32_t> halves;
    int64_t sum = 0;

    void take_square(caf::stateful_actor<state>* me, caf::actor to) {
      if (auto y = squares.next())
        y.then(me, [=, this](int32_t x) {
          sum += x;
          take_square(me, to);
        });
      else
        me->send(to, sum);
    }

    void take_negative(caf::stateful_actor<state>* me, caf::actor to) {
      if (auto y = halves.next())
        y.then(me, [=, this](const bulkhead::mapped<int32_t>& x) {
          sum += x.result == -static_cast<int32_t>(x.index) ? 1 : 0;
          take_negative(me, to);
        });
      else
        me->send(to, sum);
    }
  };
  auto boss = caf::actor_cast<caf::actor>(self);
  auto actor = f.sys.spawn([=](caf::stateful_actor<state>* me) -> caf::behavior {
    return {
      [=](caf::get_atom) {
        me->state.squares =
          bulkhead::map<&tasks::square>(pool, test_support::numbers(0, 100), {.chunks_in_flight_max = 2});
        me->state.take_square(me, boss);
      },
      [=](caf::put_atom) {
        me->state.halves = bulkhead::map_unordered<&negate>(pool, test_support::numbers(0, 100), {.chunk = 3});
        me->state.take_negative(me, boss);
      },
    };
  });
  self->send(actor, caf::get_atom_v);
  CHECK(next<int64_t>(self) == int64_t{99 * 100 * 199 / 6});
  self->send(actor, caf::put_atom_v);
  CHECK(next<int64_t>(self) == int64_t{99 * 100 * 199 / 6 + 100});
  self->send_exit(actor, caf::exit_reason::user_shutdown);
}

TEST_CASE("who asks for several results at once gets all of them, also beyond what may be in flight") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto numbers = test_support::numbers(0, 20);
  auto in_order = bulkhead::map<&negate>(pool, numbers, {.chunk = 3, .chunks_in_flight_max = 1});
  std::vector<bulkhead::future<int32_t>> all;
  while (auto x = in_order.next())
    all.push_back(x);
  auto values = bulkhead::gather(all).get();
  REQUIRE(values);
  for (int32_t i = 0; i < 20; ++i)
    CHECK(values->at(static_cast<size_t>(i)) == -i);
  auto as_completed = bulkhead::map_unordered<&negate>(pool, numbers, {.chunk = 3, .chunks_in_flight_max = 1});
  std::vector<bulkhead::future<bulkhead::mapped<int32_t>>> each;
  while (auto x = as_completed.next())
    each.push_back(x);
  REQUIRE(each.size() == 20);
  std::vector<int> seen(20);
  for (auto& x : each)
    ++seen.at(x.get()->index);
  CHECK(seen == std::vector<int>(20, 1));
}

TEST_CASE("a function of several parameters is mapped over pairs and tuples") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto results = bulkhead::map<&repeat>(
    pool, std::vector<std::pair<const char*, int32_t>>{{"a", 2}, {"bc", 1}, {"d", 0}}, {.chunk = 2});
  CHECK(results.next().get() == "aa");
  CHECK(results.next().get() == "bc");
  CHECK(results.next().get() == "");
  CHECK_FALSE(results.next());
}

TEST_CASE("a function that gives nothing is mapped as well") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  std::vector<int32_t> numbers{1, -1, 2};
  auto in_order = bulkhead::map<&accept>(pool, numbers, {.chunk = 3});
  CHECK(in_order.next().get());
  CHECK(in_order.next().get().error() == errc::task_failed);
  CHECK(in_order.next().get());
  auto as_completed = bulkhead::map_unordered<&accept>(pool, numbers);
  while (auto x = as_completed.next())
    CHECK(static_cast<bool>(x.get()->result) == (x.get()->index != 1));
}

TEST_CASE("a map of nothing has no results") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  CHECK_FALSE(bulkhead::map<&negate>(pool, std::vector<int32_t>{}).next());
  CHECK_FALSE(bulkhead::map_unordered<&negate>(pool, std::vector<int32_t>{}).next());
  CHECK_FALSE(bulkhead::map_results<int32_t>{}.next());
  CHECK_FALSE(bulkhead::unordered_map_results<int32_t>{}.next());
  CHECK(pool.workers() == 0);
}

#if !defined(__clang__) || __clang_major__ >= 16 // earlier ones do not compile libstdc++'s views

TEST_CASE("map takes the views of the standard library") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto odd =
    std::views::iota(int32_t{0}) | std::views::filter([](int32_t x) { return x % 2 == 1; }) | std::views::take(3);
  auto results = bulkhead::map<&negate>(pool, odd);
  for (int32_t x : {1, 3, 5})
    CHECK(results.next().get() == -x);
  CHECK_FALSE(results.next());
}

#endif
