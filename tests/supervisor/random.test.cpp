// Kills at any moment. What would be caught: a child that is lost or started twice, a group that comes back out of order, a supervisor that
// waits for what never happens.
#include "children.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <random>

using namespace supervisor_test;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::eventually;

namespace {

// Replays a journal of light children "0", "1", ...: which of them live, and whether no child was started while a younger one lived.
struct replay {
  std::vector<bool> lives = std::vector<bool>(8);
  bool in_order = true;

  explicit replay(const std::vector<std::string>& notes) {
    for (auto& x : notes) {
      auto who = static_cast<size_t>(x[1] - '0');
      if (x[0] == '+') {
        in_order = in_order && !lives[who];
        for (auto i = who + 1; i < lives.size(); ++i)
          in_order = in_order && !lives[i];
      }
      lives[who] = x[0] == '+';
    }
  }
};

} // namespace

TEST_CASE("children that die at any moment come back, in order and each once, and the tree ends whole") {
  auto how = GENERATE(strategy::one_for_one, strategy::one_for_all, strategy::rest_for_one);
  auto seed = std::random_device{}();
  CAPTURE(seed, static_cast<int>(how));
  std::minstd_rand random{seed};
  auto children_before = test_support::count_children();
  {
    fixture here;
    std::vector<child_spec> children;
    for (char name = '0'; name < '6'; ++name)
      children.push_back(name % 2 == 0 ? light(std::string{name}, here.book) : in_worker(std::string{name}));
    auto top = here.supervise(patient(how), children);
    status_log log{here.sys, top};
    const int rounds = test_support::sanitized ? 25 : 60;
    for (int round = 0; round < rounds; ++round) {
      auto victims = 1 + random() % 2;
      for (size_t i = 0; i < victims; ++i) {
        auto name = std::string{static_cast<char>('0' + random() % 6)};
        auto all = test_support::ask<std::vector<child_status>>(here.self, top, caf::get_atom_v);
        REQUIRE(all);
        auto& who = (*all)[static_cast<size_t>(name[0] - '0')];
        if (who.handle)
          here.self->send(who.handle, caf::delete_atom_v);
      }
    }
    for (char name = '0'; name < '6'; ++name) {
      auto answers = [&] {
        auto who = here.child(top, std::string{name});
        return who != nullptr && test_support::ask<int32_t>(here.self, who, caf::get_atom_v).engaged();
      };
      CHECK(eventually(answers)); // one may have died just now
    }
    replay now{here.book->entries()};
    CHECK(now.lives[0]);
    CHECK(now.lives[2]);
    CHECK(now.lives[4]);
    if (how != strategy::one_for_one)
      CHECK(now.in_order);
    CHECK(here.end(top) == caf::exit_reason::user_shutdown);
    replay after{here.book->entries()};
    CHECK(after.lives == std::vector<bool>(8));
    CHECK(eventually([&] { return here.host.live_workers() == 0; }));
  }
  CHECK(test_support::count_children() == children_before);
}
