#include <catch2/catch.hpp>

#include <bulkhead/supervision/supervisor_policy.hpp>

#include <algorithm>
#include <random>
#include <vector>

using namespace bulkhead;
using namespace bulkhead::supervision;
using namespace std::chrono_literals;

namespace {

std::vector<child_view> random_children(std::minstd_rand& random) {
  std::vector<child_view> result(1 + random() % 8);
  for (auto& x : result)
    x = {static_cast<restart_type>(random() % 3), random() % 4 != 0};
  return result;
}

bool has(const std::vector<size_t>& list, size_t what) {
  return std::find(list.begin(), list.end(), what) != list.end();
}

// Whom a death concerns, as the documentation says it.
bool concerns(strategy how, size_t ended, size_t other) {
  return other == ended || how == strategy::one_for_all || (how == strategy::rest_for_one && other > ended);
}

} // namespace

TEST_CASE("each type of child is started again after the ends that it says") {
  CHECK(starts_again(restart_type::permanent, true));
  CHECK(starts_again(restart_type::permanent, false));
  CHECK(starts_again(restart_type::transient, true));
  CHECK_FALSE(starts_again(restart_type::transient, false));
  CHECK_FALSE(starts_again(restart_type::temporary, true));
  CHECK_FALSE(starts_again(restart_type::temporary, false));
}

TEST_CASE("a plan stops whom a death concerns, the last first, and starts them and the dead one, the first first") {
  std::minstd_rand random{23};
  for (int round = 0; round < 20'000; ++round) {
    auto children = random_children(random);
    auto how = static_cast<strategy>(random() % 3);
    auto ended = random() % children.size();
    auto died = random() % 2 == 0;
    children[ended].wanted = true;
    auto plan = plan_restart(how, children, ended, died);
    if (!starts_again(children[ended].type, died)) {
      CHECK(plan == restart_plan{});
      continue;
    }
    CHECK(std::is_sorted(plan.stop.rbegin(), plan.stop.rend()));
    CHECK(std::is_sorted(plan.start.begin(), plan.start.end()));
    CHECK(has(plan.start, ended));
    CHECK_FALSE(has(plan.stop, ended));
    for (size_t i = 0; i < children.size(); ++i) {
      auto touched = i != ended && children[i].wanted && concerns(how, ended, i);
      auto again = children[i].type != restart_type::temporary;
      CHECK(has(plan.stop, i) == touched);
      CHECK(has(plan.start, i) == (i == ended || (touched && again)));
      CHECK(has(plan.drop, i) == (touched && !again));
    }
  }
}

TEST_CASE("after any sequence of deaths the children that are wanted are those that have not ended for good") {
  std::minstd_rand random{29};
  for (int round = 0; round < 2'000; ++round) {
    auto children = random_children(random);
    for (auto& x : children)
      x.wanted = true;
    auto how = static_cast<strategy>(random() % 3);
    auto before = children;
    for (int deaths = 0; deaths < 20; ++deaths) {
      auto ended = random() % children.size();
      if (!children[ended].wanted)
        continue;
      auto died = random() % 2 == 0;
      auto plan = plan_restart(how, children, ended, died);
      children[ended].wanted = !plan.start.empty();
      for (auto i : plan.drop)
        children[i].wanted = false;
    }
    for (size_t i = 0; i < children.size(); ++i) // whoever is permanent is never lost
      CHECK((children[i].wanted || before[i].type != restart_type::permanent));
  }
}

TEST_CASE("a supervisor counts and waits as a policy of one worker with the same numbers does") {
  supervisor_options options{.restarts_max = 3, .within = 100ms, .backoff_min = 10ms, .backoff_max = 25ms};
  auto policy = as_policy(options);
  CHECK(may_restart(policy, 2));
  CHECK_FALSE(may_restart(policy, 3));
  CHECK(back_off(policy, 0, 0) == 0ms);
  CHECK(back_off(policy, 1, 0) == 10ms);
  CHECK(back_off(policy, 2, 0) == 20ms);
  CHECK(back_off(policy, 3, 0) == 25ms);
  CHECK(check(policy).option.empty());
}

TEST_CASE("each option of a supervisor that makes no sense is named") {
  auto named = [](auto change) {
    supervisor_options options;
    change(options);
    return check(options).option;
  };
  CHECK(check(supervisor_options{}).option.empty());
  CHECK(named([](auto& x) { x.strategy = static_cast<strategy>(3); }) == "strategy");
  CHECK(named([](auto& x) { x.restarts_max = 1001; }) == "restarts_max");
  CHECK(named([](auto& x) { x.within = 0ms; }) == "within");
  CHECK(named([](auto& x) { x.within = 25h; }) == "within");
  CHECK(named([](auto& x) { x.backoff_min = -1ms; }) == "backoff_min");
  CHECK(named([](auto& x) { x.backoff_max = 9ms; }) == "backoff_max");
  CHECK(named([](auto& x) { x.backoff_max = 25h; }) == "backoff_max");
  CHECK(named([](auto& x) { x.kill_after = -1ms; }) == "kill_after");
  CHECK(named([](auto& x) { x.kill_after = 25h; }) == "kill_after");
}
