// Catches what an operation leaves behind that is repeated thousands of times beside something that lives long.
#include "tasks.hpp"

#include <bulkhead/gather.hpp>
#include <bulkhead/map.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <fstream>
#include <memory>

#include <malloc.h>

using namespace test_support;
using bulkhead::errc;
using namespace std::chrono_literals;

namespace {

std::string text(uint64_t size) {
  return std::string(size, 'x');
}

uint64_t length(const std::string& x) {
  return x.size();
}

// Of the heap that is in use; 0 under a sanitizer, whose allocator does not tell.
size_t heap() {
  return ::mallinfo2().uordblks;
}

/// Runs `what` so often, after some rounds to get going.
template <class F>
size_t growth(int rounds, F what) {
  for (int i = 0; i < rounds / 10; ++i)
    what();
  auto before = heap();
  for (int i = 0; i < rounds; ++i)
    what();
  auto after = heap();
  return after > before ? after - before : 0;
}

int32_t begin_and_wait(const std::string& begun, const std::string& door) {
  std::ofstream{begun} << "1";
  return tasks::wait_at(door, 1);
}

/// Its worker runs one task until the end of the test.
struct held_pool {
  held_pool() {
    REQUIRE(eventually([&] { return begun.size() == 1; }));
  }

  host_fixture f;
  gate door;
  scratch_file begun;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  bulkhead::future<int32_t> held = pool.submit<&begin_and_wait>(begun.path(), door.path());
};

constexpr size_t level = 100'000;

} // namespace

TEST_CASE("looks at a future that is not done leave nothing behind") {
  held_pool x;
  CHECK(growth(5000, [&] { CHECK_FALSE(x.held.wait_for(0ns)); }) < level);
}

TEST_CASE("futures of several futures leave nothing at one that is not done") {
  held_pool x;
  auto forms = [&] {
    std::vector<bulkhead::future<int32_t>> all{
      x.held, bulkhead::future<int32_t>{std::make_shared<bulkhead::runtime::outcome<int32_t>>()}};
    all[1].cancel();
    CHECK(bulkhead::first_completed(all).get() == 1);
    CHECK(bulkhead::gather(all).get().error() == errc::cancelled);
    CHECK(bulkhead::gather(all[0], all[1]).get().error() == errc::cancelled);
    CHECK_FALSE(bulkhead::wait_all(all).wait_for(0ns));
    CHECK_FALSE(bulkhead::as_completed(all)[0].get());
    CHECK_FALSE(bulkhead::gather(std::vector{x.held}).wait_for(0ns));
  };
  CHECK(growth(3000, forms) < level);
}

TEST_CASE("futures of several futures run what waits for them, though nobody keeps them") {
  held_pool x;
  std::atomic<int> ran = 0;
  auto count = [&](const auto&) { ++ran; };
  std::vector all{x.held};
  bulkhead::first_completed(all).on_done(count);
  bulkhead::wait_all(all).on_done(count);
  bulkhead::gather(all).on_done(count);
  bulkhead::as_completed(all)[0].on_done(count);
  bulkhead::gather(std::vector{bulkhead::as_completed(all)[0]}).on_done(count);
  bulkhead::with_timeout(x.f.sys, x.held, patience).on_done(count);
  x.door.open();
  CHECK(eventually([&] { return ran == 6; }));
}

TEST_CASE("a time limit keeps no result of a task that ended before") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto limited = [&] { CHECK(bulkhead::with_timeout(f.sys, pool.submit<&text>(uint64_t{50'000}), 1h).get()); };
  CHECK(growth(1000, limited) < 5'000'000);
}

TEST_CASE("a time limit ends a task whose future nobody keeps") {
  host_fixture f;
  scratch_file begun;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  (void) bulkhead::with_timeout(f.sys, pool.submit<&tasks::hang>(begun.path()), 1ms);
  CHECK(eventually([&] { return pool.unfinished() == 0; }));
}

TEST_CASE("a task that is cancelled is gone with its arguments, wherever it was") {
  held_pool x;
  auto submit_and_cancel = [&] {
    std::vector<bulkhead::future<uint64_t>> all;
    for (int i = 0; i < 100; ++i)
      all.push_back(x.pool.submit<&length>(std::string(10'000, 'x')));
    for (auto& y : all)
      CHECK(y.cancel());
  };
  CHECK(growth(50, submit_and_cancel) < 10 * level);
}

TEST_CASE("finished parts of a map are gone") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  std::vector<uint64_t> sizes(200, 50'000);
  REQUIRE(pool.submit<&text>(sizes[0]).get()); // its worker is up
  auto before = heap();
  auto results = bulkhead::map<&text>(pool, sizes, {.chunk = 10, .chunks_in_flight_max = 2});
  for (auto x = results.next(); x; x = results.next())
    CHECK(x.get());
  CHECK(heap() < before + sizes.size() / 2 * sizes[0]);
}
