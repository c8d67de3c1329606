// Catches a map that fails calls that are not to blame, hangs when something fails, or leaves tasks behind when nobody wants its results
// any more.
#include "support/generated_range.hpp"
#include "tasks.hpp"

#include <bulkhead/map.hpp>

#include <catch2/catch.hpp>

#include <cstdlib>
#include <stdexcept>
#include <string>

using namespace test_support;
using bulkhead::errc;

namespace {

int32_t fragile(int32_t x) {
  return x == 5 ? tasks::crash(x) : x;
}

int32_t minus(int32_t x) {
  return -x;
}

int32_t crash_with(const std::string&) {
  std::abort();
}

// Held up at the gate if the path is not empty.
int32_t pass_gate(const std::string& path) {
  return path.empty() ? 0 : tasks::wait_at(path, 1);
}

} // namespace

TEST_CASE("a crash in a map fails its own chunk and nothing else, in order or not") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto numbers = test_support::numbers(0, 20);
  auto in_order = bulkhead::map<&fragile>(pool, numbers, {.chunk = 4});
  for (int32_t i = 0; i < 20; ++i)
    if (auto x = in_order.next().get(); i >= 4 && i < 8)
      CHECK(x.error() == errc::worker_lost);
    else
      CHECK(x == i);
  auto as_completed = bulkhead::map_unordered<&fragile>(pool, numbers, {.chunk = 4});
  for (int32_t i = 0; i < 20; ++i) {
    auto x = as_completed.next().get();
    REQUIRE(x);
    if (x->index >= 4 && x->index < 8)
      CHECK(x->result.error() == errc::worker_lost);
    else
      CHECK(x->result == static_cast<int32_t>(x->index));
  }
}

TEST_CASE("what is under way is cancelled when nobody wants a map's results any more, and so are its futures") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  gate door;
  bulkhead::future<int32_t> first;
  bulkhead::future<bulkhead::mapped<int32_t>> other;
  {
    auto paths = test_support::endless([&door](int) { return door.path(); });
    auto in_order = bulkhead::map<&pass_gate>(pool, paths, {.chunk = 2, .chunks_in_flight_max = 4});
    auto as_completed = bulkhead::map_unordered<&pass_gate>(pool, paths, {.chunks_in_flight_max = 4});
    first = in_order.next();
    other = as_completed.next();
    CHECK(pool.unfinished() == 8);
    in_order = {};
    CHECK(first.get().error() == errc::cancelled);
    CHECK_FALSE(in_order.next());
  }
  CHECK(other.get()->result.error() == errc::cancelled);
  CHECK(eventually([&] { return pool.unfinished() == 0; }));
  CHECK(pool.submit<&minus>(7).get() == -7);
}

TEST_CASE("a result of a map that is not wanted ends alone, and out of order it is left to who asks next") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  gate door;
  std::vector<std::string> paths{door.path(), ""};
  auto in_order = bulkhead::map<&pass_gate>(pool, paths, {.chunk = 2});
  auto unwanted = in_order.next();
  CHECK(unwanted.cancel());
  CHECK(unwanted.get().error() == errc::cancelled);
  auto as_completed = bulkhead::map_unordered<&pass_gate>(pool, paths);
  auto impatient = as_completed.next();
  auto patient = as_completed.next();
  CHECK_FALSE(as_completed.next());
  CHECK(impatient.cancel());
  CHECK(impatient.get().error() == errc::cancelled);
  auto last = as_completed.next();
  CHECK(last);
  CHECK_FALSE(as_completed.next());
  door.open();
  CHECK(in_order.next().get() == 0);
  CHECK(patient.get()->index + last.get()->index == 1);
  CHECK_FALSE(patient.cancel());
}

TEST_CASE("a range that throws ends its map in the place of what could not be read, and no worker hangs") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  test_support::generated_range failing{1, 9,
                                        [](int32_t x) { return x < 4 ? x : throw std::runtime_error{"no more"}; }};
  for (size_t chunk : {size_t{1}, size_t{2}, size_t{10}}) {
    auto in_order = bulkhead::map<&minus>(pool, failing, {.chunk = chunk});
    for (int32_t i = 1; i < 4; ++i)
      CHECK(in_order.next().get() == -i);
    CHECK_THROWS_AS(in_order.next(), std::runtime_error);
    CHECK_FALSE(in_order.next());
    auto as_completed = bulkhead::map_unordered<&minus>(pool, failing, {.chunk = chunk});
    for (int i = 1; i < 4; ++i)
      CHECK(as_completed.next().get());
    CHECK_THROWS_AS(as_completed.next(), std::runtime_error);
    CHECK_FALSE(as_completed.next());
  }
  CHECK(eventually([&] { return pool.unfinished() == 0; }));
  CHECK(pool.submit<&minus>(7).get() == -7);
}

TEST_CASE("crashes with large arguments are errors and no hang") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  std::vector<std::string> arguments(10, std::string(size_t{1} << 20, 'x'));
  auto results = bulkhead::map<&crash_with>(pool, arguments);
  int32_t count = 0;
  while (auto x = results.next()) {
    CHECK(x.get().error() == errc::worker_lost);
    ++count;
  }
  CHECK(count == 10);
}

TEST_CASE("a map over a pool that ends has an error for what was not read before") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto results = bulkhead::map<&minus>(pool, test_support::numbers(0, 6), {.chunk = 2, .chunks_in_flight_max = 2});
  CHECK(results.next().get() == 0);
  pool.shutdown();
  CHECK(results.next().get() == -1);
  CHECK(results.next().get() == -2);
  CHECK(results.next().get() == -3);
  CHECK(results.next().get().error() == errc::shutting_down);
  CHECK(results.next().get().error() == errc::shutting_down);
  CHECK_FALSE(results.next());
}
