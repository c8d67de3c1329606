#include <catch2/catch.hpp>

#include <bulkhead/runtime/caf_clock.hpp>

#include <caf/all.hpp>

#include <chrono>
#include <memory>
#include <vector>

using namespace std::chrono_literals;
using bulkhead::runtime::caf_clock;
using time_point = caf_clock::time_point;

namespace {

const time_point start{1000h};

struct clock_under_test {
  std::vector<time_point> wake_ups;
  std::vector<int> ran;
  caf_clock clock{[this](time_point when) { wake_ups.push_back(when); },
                  [this](auto& requests) { timed_out.insert(timed_out.end(), requests.begin(), requests.end()); }};
  caf_clock::timed_out timed_out;

  caf::disposable add(time_point when, int number, caf_clock::duration_type period = {}) {
    return clock.schedule_periodically(when, caf::make_action([this, number] { ran.push_back(number); }), period);
  }
};

} // namespace

TEST_CASE("what is due runs in the order of time, then of scheduling, and nothing runs early") {
  clock_under_test t;
  t.add(start + 3s, 3);
  t.add(start + 1s, 1);
  t.add(start + 2s, 2);
  t.add(start + 1s, 11);
  CHECK(t.clock.run_due(start) == start + 1s);
  CHECK(t.ran.empty());
  CHECK(t.clock.run_due(start + 2s) == start + 3s);
  CHECK(t.ran == std::vector{1, 11, 2});
  CHECK(t.clock.run_due(start + 1h) == time_point::max());
  CHECK(t.ran == std::vector{1, 11, 2, 3});
}

TEST_CASE("requests that have timed out are told apart from all else that the clock does") {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  clock_under_test t;
  auto requester = caf::actor_cast<caf::strong_actor_ptr>(self);
  auto response = caf::make_message_id(7).response_id();
  auto schedule = [&](caf::message_id mid, caf::message content) {
    return t.clock.schedule_message(start, requester, caf::make_mailbox_element(nullptr, mid, {}, std::move(content)));
  };
  auto timeout = caf::make_message(caf::make_error(caf::sec::request_timeout));
  schedule(response, timeout);
  schedule(response, caf::make_message(caf::make_error(caf::sec::runtime_error)));
  schedule(response, caf::make_message(int32_t{1}));
  schedule(caf::make_message_id(), timeout);
  auto answered = schedule(caf::make_message_id(8).response_id(), timeout);
  answered.dispose();
  t.add(start, 1);
  t.clock.schedule(start, caf::make_action([] {}), requester);
  t.clock.schedule_message(start, caf::actor_cast<caf::weak_actor_ptr>(requester),
                           caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, timeout));
  CHECK(t.clock.run_due(start) == time_point::max());
  REQUIRE(t.timed_out.size() == 1);
  CHECK(t.timed_out[0].requester == self->id());
  CHECK(t.timed_out[0].mid.integer_value() == 7);
  // It has its error all the same.
  CHECK_FALSE(self->mailbox().empty());
}

TEST_CASE("the keeper is woken only for a deadline before the one that it waits for") {
  clock_under_test t;
  t.add(start + 2s, 0);
  t.add(start + 3s, 0);
  t.add(start + 1s, 0);
  CHECK(t.wake_ups == std::vector{start + 2s, start + 1s});
  CHECK(t.clock.run_due(start + 1s) == start + 2s);
  t.add(start + 4s, 0);
  CHECK(t.wake_ups.size() == 2);
  CHECK(t.clock.run_due(start + 1h) == time_point::max());
  t.add(start + 2h, 0);
  CHECK(t.wake_ups.size() == 3);
}

TEST_CASE("what was cancelled does not run, and a stream of cancelled timeouts is let go of before they are due") {
  clock_under_test t;
  auto first = t.add(start, 1);
  t.add(start, 2);
  first.dispose();
  (void) t.clock.run_due(start);
  CHECK(t.ran == std::vector{2});
  auto held = std::make_shared<int>();
  std::weak_ptr<int> watched = held;
  t.clock.schedule_periodically(start + 1h, caf::make_action([held] { (void) held; }), {}).dispose();
  held.reset();
  for (auto i = 0; i < 10'000; ++i)
    t.add(start + 1h, 3).dispose();
  CHECK(watched.expired());
}

TEST_CASE("a periodic action runs until it is cancelled, once per call however late it is") {
  clock_under_test t;
  auto handle = t.add(start, 1, 1s);
  CHECK(t.clock.run_due(start) == start + 1s);
  CHECK(t.clock.run_due(start + 1s) == start + 2s);
  CHECK(t.ran.size() == 2);
  handle.dispose();
  CHECK(t.clock.run_due(start + 10s) == time_point::max());
  CHECK(t.ran.size() == 2);
}

TEST_CASE("an action may schedule another, also one that is due") {
  clock_under_test t;
  t.clock.schedule_periodically(start, caf::make_action([&t] { t.add(start, 2); }), {});
  CHECK(t.clock.run_due(start) == time_point::max());
  CHECK(t.ran == std::vector{2});
  t.add(start, 3);
  t.clock.clear();
  (void) t.clock.run_due(start + 1h);
  CHECK(t.ran == std::vector{2});
}
