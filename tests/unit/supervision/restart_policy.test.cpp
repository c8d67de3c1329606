#include <catch2/catch.hpp>

#include <bulkhead/supervision/restart_policy.hpp>

#include <random>
#include <vector>

using namespace bulkhead;
using namespace bulkhead::supervision;
using namespace std::chrono_literals;

namespace {

restart_policy lenient() {
  restart_policy result;
  result.when = restart_when::on_crash;
  result.restarts_max = 3;
  result.within = 1'000ms;
  result.backoff_min = 10ms;
  result.backoff_max = 100ms;
  return result;
}

time_point at(int64_t ms) {
  return time_point{} + std::chrono::milliseconds{ms};
}

} // namespace

TEST_CASE("a worker may be replaced as often as its policy says within the time, and again when time has passed") {
  auto policy = lenient();
  std::vector<time_point> deaths{at(0), at(100), at(200)};
  CHECK(recent(policy, {}, at(300)) == 0);
  CHECK(recent(policy, deaths, at(300)) == 3);
  CHECK_FALSE(may_restart(policy, recent(policy, deaths, at(300))));
  CHECK(recent(policy, deaths, at(1'000)) == 2);
  CHECK(may_restart(policy, recent(policy, deaths, at(1'000))));
  CHECK(recent(policy, deaths, at(5'000)) == 0);
  policy.restarts_max = 0;
  CHECK_FALSE(may_restart(policy, 0));
  policy = lenient();
  policy.when = restart_when::never;
  CHECK_FALSE(may_restart(policy, 0));
}

TEST_CASE("the first restart is at once, later ones wait for twice as long each, up to the limit") {
  auto policy = lenient();
  CHECK(back_off(policy, 0, 0) == 0ms);
  CHECK(back_off(policy, 1, 0) == 10ms);
  CHECK(back_off(policy, 2, 0) == 20ms);
  CHECK(back_off(policy, 4, 0) == 80ms);
  CHECK(back_off(policy, 5, 0) == 100ms);
  CHECK(back_off(policy, 1'000'000, 0) == 100ms);
  CHECK(back_off(policy, 2, 1) == 10ms);
}

TEST_CASE("no back-off is longer than the longest, shorter than half of the shortest, or shorter with more deaths") {
  std::mt19937_64 random{4711};
  auto some = [&](int64_t most) { return static_cast<int64_t>(random() % static_cast<uint64_t>(most + 1)); };
  for (int round = 0; round < 20'000; ++round) {
    restart_policy policy;
    policy.backoff_min = std::chrono::milliseconds{some(24 * 3'600'000)};
    policy.backoff_max = policy.backoff_min + std::chrono::milliseconds{some(24 * 3'600'000)};
    auto deaths = static_cast<size_t>(1 + some(100));
    auto chance = static_cast<double>(some(1'000)) / 1'000;
    auto wait = back_off(policy, deaths, chance);
    CHECK(wait <= policy.backoff_max);
    CHECK(wait + 1us >= policy.backoff_min / 2);
    CHECK(back_off(policy, deaths + 1, chance) >= wait);
  }
}

TEST_CASE("how many deaths are recent is never more than there are, and never grows with time") {
  std::mt19937 random{4711};
  auto policy = lenient();
  for (int round = 0; round < 2'000; ++round) {
    std::vector<time_point> deaths;
    int64_t ms = 0;
    for (auto count = random() % 20; count > 0; --count)
      deaths.push_back(at(ms += random() % 500));
    auto before = deaths.size();
    for (auto later = ms; later < ms + 3'000; later += 100) {
      auto found = recent(policy, deaths, at(later));
      CHECK(found <= before);
      before = found;
    }
    CHECK(before == 0);
  }
}

TEST_CASE("a message in doubt fails, is dropped, or is tried again until it has killed enough") {
  auto policy = lenient();
  CHECK(judge(policy, 1) == sentence::fail);
  policy.interrupted = in_doubt::drop;
  CHECK(judge(policy, 1) == sentence::drop);
  policy.interrupted = in_doubt::retry;
  policy.poison_after = 3;
  CHECK(judge(policy, 1) == sentence::retry);
  CHECK(judge(policy, 2) == sentence::retry);
  CHECK(judge(policy, 3) == sentence::quarantine);
  policy.poison_after = 1;
  CHECK(judge(policy, 1) == sentence::quarantine);
}

TEST_CASE("each option of a restart policy that makes no sense is named") {
  CHECK(check(restart_policy{}).option.empty());
  auto wrong = [](auto change) {
    auto policy = lenient();
    change(policy);
    return check(policy).option;
  };
  CHECK(wrong([](auto& x) { x.when = static_cast<restart_when>(9); }) == "restart.when");
  CHECK(wrong([](auto& x) { x.restarts_max = 1001; }) == "restart.restarts_max");
  CHECK(wrong([](auto& x) { x.within = 0ms; }) == "restart.within");
  CHECK(wrong([](auto& x) { x.backoff_min = -1ms; }) == "restart.backoff_min");
  CHECK(wrong([](auto& x) { x.backoff_max = 9ms; }) == "restart.backoff_max");
  CHECK(wrong([](auto& x) { x.interrupted = static_cast<in_doubt>(9); }) == "restart.interrupted");
  CHECK(wrong([](auto& x) { x.poison_after = 0; }) == "restart.poison_after");
  CHECK(wrong([](auto& x) { x.poison_after = 101; }) == "restart.poison_after");
}

TEST_CASE("recycling needs a policy for restarts, and an age that makes sense") {
  CHECK(check(recycle_policy{}, {}).option.empty());
  CHECK(check(recycle_policy{.messages_max = 1}, lenient()).option.empty());
  CHECK(check(recycle_policy{.messages_max = 1}, {}).option == "recycle");
  CHECK(check(recycle_policy{.age_max = 1ms}, {}).option == "recycle");
  CHECK(check(recycle_policy{.growth_bytes_max = 1}, {}).option == "recycle");
  CHECK(check(recycle_policy{.age_max = -1ms}, lenient()).option == "recycle.age_max");
  CHECK(check(recycle_policy{.age_max = 366 * 24h}, lenient()).option == "recycle.age_max");
}
