// Catches a combination of futures that forgets one, mixes up their order, or hangs when one of them fails.
#include "tasks.hpp"

#include <bulkhead/gather.hpp>
#include <bulkhead/map.hpp>

#include <catch2/catch.hpp>

#include <ranges>
#include <set>

using namespace test_support;
using bulkhead::errc;
using namespace std::chrono_literals;

namespace {

int32_t picky(int32_t x) {
  if (x % 10 == 3)
    throw std::invalid_argument{"three"};
  return x * 2;
}

int32_t fragile(int32_t x) {
  return x == 5 ? tasks::crash(x) : x;
}

} // namespace

TEST_CASE("gather gives all values in order, or the first error") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  std::vector<bulkhead::future<int32_t>> all;
  for (int32_t i = 0; i < 100; ++i)
    all.push_back(pool.submit<&tasks::square>(i));
  auto values = bulkhead::gather(all).get();
  REQUIRE(values);
  for (int32_t i = 0; i < 100; ++i)
    CHECK(values->at(static_cast<size_t>(i)) == i * i);
  all.push_back(pool.submit<&tasks::throw_out_of_range>(1));
  CHECK(bulkhead::gather(all).get().error() == errc::task_failed);
  CHECK(bulkhead::gather(std::vector<bulkhead::future<int32_t>>{}).get()->empty());
  CHECK(bulkhead::wait_all(all).get());
}

TEST_CASE("a gathering that is cancelled cancels its tasks") {
  host_fixture f;
  gate door;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  std::vector<bulkhead::future<int32_t>> all;
  for (int32_t i = 0; i < 10; ++i)
    all.push_back(pool.submit<&tasks::wait_at>(door.path(), i));
  auto together = bulkhead::gather(all);
  CHECK(together.cancel());
  CHECK(together.get().error() == errc::cancelled);
  for (auto& x : all)
    CHECK(x.get().error() == errc::cancelled);
}

TEST_CASE("the first of several futures is found, and all in the order of their ends") {
  host_fixture f;
  gate door;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  std::vector<bulkhead::future<int32_t>> all{pool.submit<&tasks::wait_at>(door.path(), 1), pool.submit<&tasks::square>(3)};
  CHECK(bulkhead::first_completed(all).get() == 1);
  auto ordered = bulkhead::as_completed(all);
  CHECK(ordered[0].get() == 9);
  CHECK_FALSE(ordered[1].ready());
  door.open();
  CHECK(ordered[1].get() == 1);
  CHECK(bulkhead::first_completed(std::vector<bulkhead::future<int32_t>>{}).get().error() == caf::sec::invalid_argument);
}

TEST_CASE("a task that takes longer than its timeout is cancelled") {
  host_fixture f;
  scratch_file begun;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto hanging = pool.submit<&tasks::hang>(begun.path());
  CHECK(bulkhead::with_timeout(f.sys, hanging, 1ms).get().error() == caf::sec::request_timeout);
  CHECK(hanging.get().error() == errc::cancelled);
  CHECK(bulkhead::with_timeout(f.sys, pool.submit<&tasks::square>(3), patience).get() == 9);
}

TEST_CASE("map gives results in order for any chunk size, and each call has its own error") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  for (size_t chunk : {size_t{1}, size_t{7}, size_t{1000}}) {
    auto results = bulkhead::map<&picky>(pool, std::views::iota(int32_t{0}, int32_t{100}), {.chunk = chunk});
    int32_t i = 0;
    for (auto x = results.next(); x; x = results.next(), ++i)
      if (i % 10 == 3)
        CHECK(x->error() == errc::task_failed);
      else
        CHECK(*x == i * 2);
    CHECK(i == 100);
  }
}

TEST_CASE("map reads no more of its range than it may have in flight") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  size_t read = 0;
  auto endless = std::views::iota(int32_t{0}) | std::views::transform([&read](int32_t x) {
                   ++read;
                   return x % 1000;
                 });
  auto results = bulkhead::map<&tasks::square>(pool, endless, {.chunk = 2, .chunks_in_flight_max = 3});
  for (int32_t i = 0; i < 50; ++i)
    CHECK(*results.next() == i * i);
  CHECK(read <= 50 + 6);
}

TEST_CASE("a crash in a map fails its own chunk and nothing else") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto results = bulkhead::map<&fragile>(pool, std::views::iota(int32_t{0}, int32_t{20}), {.chunk = 4});
  for (int32_t i = 0; i < 20; ++i)
    if (auto x = results.next(); i >= 4 && i < 8)
      CHECK(x->error() == errc::worker_lost);
    else
      CHECK(*x == i);
}
