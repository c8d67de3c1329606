// Kills at any moment. What would be caught: a child that is lost or started twice, a group that comes back out of order, a supervisor that
// waits for what never happens.
#include "children.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <map>
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

// The same for children that come and go, "a0", "a1", ... in the order of their places: what lives, and how often each was started.
struct replay_of_changes {
  std::map<size_t, size_t> lives;
  std::map<size_t, size_t> starts;
  bool in_order = true;
  bool each_once = true;

  explicit replay_of_changes(const std::vector<std::string>& notes) {
    for (auto& x : notes) {
      auto who = static_cast<size_t>(std::stoul(x.substr(2)));
      if (x[0] == '-') {
        each_once = each_once && lives.erase(who) == 1;
        continue;
      }
      in_order = in_order && lives.upper_bound(who) == lives.end();
      each_once = each_once && lives.emplace(who, 1).second;
      ++starts[who];
    }
  }
};

// What is expected of a child that was added.
struct expectation {
  std::string name;
  bool temporary = false;
  bool stopped = false;
  future<caf::actor> started;
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

TEST_CASE("children that come, go, die and restart at any moment are those that are wanted, in order and each once") {
  auto how = GENERATE(strategy::one_for_one, strategy::one_for_all, strategy::rest_for_one);
  auto seed = std::random_device{}();
  CAPTURE(seed, static_cast<int>(how));
  std::minstd_rand random{seed};
  auto children_before = test_support::count_children();
  {
    fixture here;
    auto top = here.supervise(patient(how), {});
    std::vector<expectation> model;
    std::vector<future<void>> stopped;
    std::vector<future<caf::actor>> restarted;
    auto any = [&]() -> expectation& { return model[random() % model.size()]; };
    auto add = [&] {
      expectation made;
      made.name = "a" + std::to_string(model.size());
      made.temporary = random() % 4 == 0;
      auto spec = random() % 4 == 0 ? in_worker(made.name) : light(made.name, here.book);
      made.started =
        start_child(top, std::move(spec).restarts(made.temporary ? restart_type::temporary : restart_type::permanent));
      model.push_back(std::move(made));
    };
    add();
    const int rounds = test_support::sanitized ? 60 : 150;
    for (int round = 0; round < rounds; ++round) {
      auto what = random() % 8;
      if (what < 3) {
        add();
      } else if (what < 5) {
        auto& who = any();
        who.stopped = true;
        stopped.push_back(stop_child(top, who.name));
      } else if (what < 7) {
        auto& victim = any(); // which may be on its way
        victim.started.on_done([](const auto& x) {
          if (x)
            caf::anon_send(*x, caf::delete_atom_v);
        });
      } else if (auto& who = any(); !who.temporary) {
        restarted.push_back(restart_child(top, who.name));
      }
      if (random() % 8 == 0)
        (void) here.list(top); // lets it come so far
    }
    for (auto& x : stopped) {
      auto why = error_of(x);
      CHECK((!why || why == caf::sec::no_such_key)); // it was stopped before, or temporary
    }
    for (auto& x : restarted) {
      auto why = error_of(x);
      CHECK((!why || why == caf::sec::no_such_key || why == caf::sec::request_receiver_down));
    }
    std::vector<std::string> wanted;
    for (auto& x : model) {
      auto why = error_of(x.started);
      if (!x.stopped && !x.temporary) {
        CHECK(!why);
        wanted.push_back(x.name);
      }
      CHECK((!why || why == caf::sec::request_receiver_down));
    }
    for (auto& name : wanted) {
      auto answers = [&] {
        auto who = here.child(top, name);
        return who != nullptr && test_support::ask<int32_t>(here.self, who, caf::get_atom_v).engaged();
      };
      CHECK(eventually(answers));
    }
    auto permanent = [&] {
      auto left = here.list(top);
      std::erase_if(left, [&](auto& x) {
        auto found = std::find_if(model.begin(), model.end(), [&](auto& y) { return y.name == x; });
        return found != model.end() && found->temporary && !found->stopped;
      });
      return left;
    };
    CHECK(eventually([&] { return permanent() == wanted; }));
    CHECK(here.end(top) == caf::exit_reason::user_shutdown);
    replay_of_changes after{here.book->entries()};
    CHECK(after.lives.empty());
    CHECK(after.each_once);
    if (how != strategy::one_for_one)
      CHECK(after.in_order);
    for (auto& [who, starts] : after.starts)
      if (model[who].temporary)
        CHECK(starts == 1);
    CHECK(eventually([&] { return here.host.live_workers() == 0; }));
  }
  CHECK(test_support::count_children() == children_before);
}
