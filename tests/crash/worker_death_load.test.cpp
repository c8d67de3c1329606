#include <catch2/catch.hpp>

#include "crash/actors.hpp"

#include <atomic>
#include <csignal>
#include <random>

using namespace crash;
using test_support::eventually;
using test_support::host_fixture;

namespace {

struct death_tally {
  std::atomic<size_t> sent = 0;
  std::atomic<size_t> answered = 0;
  std::atomic<size_t> lost = 0;
  std::atomic<size_t> wrong = 0;
};

// Keeps one request after the other under way until the first that is lost.
void hammer_on(caf::event_based_actor* self, const caf::actor& target, death_tally& counts, int32_t x) {
  ++counts.sent;
  self->request(target, caf::infinite, caf::add_atom_v, x)
    .then(
      [=, &counts](int32_t y) {
        ++(y == x + 1 ? counts.answered : counts.wrong);
        hammer_on(self, target, counts, y);
      },
      [&counts](const caf::error& why) { ++(bulkhead::death_of(why) ? counts.lost : counts.wrong); });
}

} // namespace

// Would catch: a request that slips between the end of a link and the table of open requests, one that is answered twice,
// a descriptor or a process that a certain moment of dying leaves behind.
TEST_CASE("no request is lost when workers are killed at random moments under load") {
  constexpr size_t kills = 30;
  constexpr size_t requests_at_once = 20;
  std::minstd_rand random{4711};
  death_tally counts;
  leftovers before;
  {
    host_fixture f;
    auto bystander = f.host.spawn("victim");
    REQUIRE(bystander);
    for (size_t round = 0; round < kills; ++round) {
      auto victim = f.host.spawn("victim");
      REQUIRE(victim);
      auto pid = pid_of(f.sys, *victim);
      auto goal = counts.answered + random() % 3000;
      for (size_t i = 0; i < requests_at_once; ++i)
        f.sys.spawn([target = *victim, &counts](caf::event_based_actor* self) { hammer_on(self, target, counts, 0); });
      REQUIRE(eventually([&] { return counts.answered >= goal; }));
      REQUIRE(::kill(pid, SIGKILL) == 0);
      REQUIRE(eventually([&] { return counts.lost == (round + 1) * requests_at_once; }));
    }
    CHECK(counts.sent == counts.answered + counts.lost);
    CHECK(counts.wrong == 0);
    CHECK(answers(f.sys, *bystander));
    CHECK(eventually([&] { return f.host.live_workers() == 1; }));
  }
  before.check();
}
