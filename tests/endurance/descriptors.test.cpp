// Thousands of messages that bring descriptors, to a receiver that takes its time. Catches a message that is lost, or fails, only because
// many are under way.
#include "actors.hpp"

#include <bulkhead/map.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <vector>

using namespace endurance;
using test_support::ask;
using test_support::eventually;
using test_support::gate;

namespace {

constexpr int64_t count = 1'000;

bulkhead::shared_counter new_counter() {
  auto made = bulkhead::shared_counter::make();
  REQUIRE(made);
  return *made;
}

int32_t add_one(const bulkhead::shared_counter& to) {
  to.add(1);
  return 1;
}

} // namespace

TEST_CASE("messages with descriptors to an actor that is busy all arrive, as others do") {
  site here;
  auto who = here.spawn();
  gate busy;
  here.self->send(who, caf::wait_for_atom_v, busy.path());
  auto counter = new_counter();
  for (int64_t i = 0; i < count; ++i)
    here.self->send(who, counter);
  busy.open();
  CHECK(ask<int32_t>(here.self, who, int32_t{1}) == 1);
  CHECK(counter.load() == count);
  CHECK(here.host.dropped_messages() == 0);
}

TEST_CASE("requests with descriptors to an actor that is busy are all answered") {
  site here;
  auto who = here.spawn();
  gate busy;
  here.self->send(who, caf::wait_for_atom_v, busy.path());
  auto counter = new_counter();
  auto answered = std::make_shared<std::atomic<int64_t>>(0);
  auto failed = std::make_shared<std::atomic<int64_t>>(0);
  here.sys.spawn([=](caf::event_based_actor* self) {
    for (int64_t i = 0; i < count; ++i)
      self->request(who, caf::infinite, caf::add_atom_v, counter)
        .then([=](int32_t) { ++*answered; }, [=](const caf::error&) { ++*failed; });
  });
  busy.open();
  CHECK(eventually([&] { return *answered + *failed == count; }));
  CHECK(*failed == 0);
  CHECK(counter.load() == count);
}

TEST_CASE("a worker that dies with messages whose descriptors wait leaves none of those open") {
  site here;
  CHECK(stays_level({.first = 3, .more = 5, .bytes_max = 100'000}, [&](size_t) {
    auto who = here.spawn();
    gate busy;
    here.self->send(who, caf::wait_for_atom_v, busy.path());
    auto counter = new_counter();
    for (int64_t i = 0; i < 200; ++i)
      here.self->send(who, counter);
    here.host.kill(who);
    REQUIRE(eventually([&] { return here.host.live_workers() == 0; }));
  }));
}

TEST_CASE("tasks whose arguments bring descriptors all run, alone and in a map") {
  site here;
  auto prefetch = GENERATE(size_t{1}, size_t{64});
  bulkhead::executor pool{here.sys, {.workers_max = 1, .prefetch_max = prefetch}};
  auto counter = new_counter();
  std::vector<bulkhead::future<int32_t>> all;
  for (int64_t i = 0; i < count; ++i)
    all.push_back(pool.submit<&add_one>(counter));
  size_t failed = 0;
  for (auto& x : all)
    failed += x.wait_for(test_support::patience) ? 0 : 1;
  CHECK(failed == 0);
  std::vector<bulkhead::shared_counter> counters(static_cast<size_t>(count), counter);
  auto mapped = bulkhead::map<&add_one>(pool, counters, {.chunk = 10});
  while (auto next = mapped.next())
    failed += next.wait_for(test_support::patience) ? 0 : 1;
  CHECK(failed == 0);
  CHECK(counter.load() == 2 * count);
}
