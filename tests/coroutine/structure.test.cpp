// What waits for coroutines ends after all of them, whatever they do.
//
// Catches a group, a time limit, && or || that returns while a member runs that writes into its frame: members that cancel the caller
// before their first wait, that throw at once, and a body that is no coroutine and throws. Under ASan also the write itself.
#include "actors.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace test_support;
using bulkhead::awaitable;
using bulkhead::errc;
using bulkhead::task_group;
using coroutines::census;
using coroutines::run;
using namespace std::chrono_literals;

namespace structure {

constexpr auto longer_than_the_test = 1h;

/// Begins with what `how` names, before it waits.
awaitable<> member(std::string how, task_group outer) {
  if (how == "cancels")
    outer.cancel();
  if (how == "cancels twice") {
    outer.cancel();
    outer.cancel();
  }
  if (how == "cancels and ends") {
    outer.cancel();
    co_return;
  }
  if (how == "cancels and throws") {
    outer.cancel();
    throw std::runtime_error{"on purpose"};
  }
  if (how == "throws")
    throw std::runtime_error{"on purpose"};
  co_await bulkhead::delay(longer_than_the_test);
}

/// Waits on after it was cancelled, so that who does not wait for it ends first.
awaitable<> slow_to_end(census::entry) {
  try {
    co_await bulkhead::delay(longer_than_the_test);
  } catch (...) {
    // the wait below is what cleans up
  }
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  co_await boost::asio::this_coro::reset_cancellation_state();
  co_await bulkhead::delay(20ms);
}

/// Runs a member that does `how` beside a slow one. @returns whether the slow one had ended when the combinator did.
awaitable<bool> combined(std::string by, std::string how, task_group outer, census count) {
  auto inner_body = [&](task_group inner) -> awaitable<> {
    inner.add(slow_to_end(count.enter()));
    co_await member(how, outer);
  };
  auto limited = [&]() -> awaitable<> { co_await (slow_to_end(count.enter()) && member(how, outer)); };
  // Cancelled, the coroutine would throw at the next wait before it could look.
  try {
    if (by == "and")
      co_await (member(how, outer) && slow_to_end(count.enter()));
    else if (by == "and, second")
      co_await (slow_to_end(count.enter()) && member(how, outer));
    else if (by == "or")
      co_await (member(how, outer) || slow_to_end(count.enter()));
    else if (by == "or, second")
      co_await (slow_to_end(count.enter()) || member(how, outer));
    else if (by == "a timeout")
      co_await bulkhead::with_timeout(limited(), longer_than_the_test);
    else if (by == "a deadline")
      co_await bulkhead::with_deadline(limited(), std::chrono::steady_clock::now() + longer_than_the_test);
    else
      co_await bulkhead::with_task_group(inner_body);
  } catch (...) {
    // how it ended is for other tests
  }
  co_return count.count() == 0;
}

} // namespace structure

TEST_CASE("each combinator ends after its members, whatever they do before they wait") {
  host_fixture f;
  auto by = GENERATE(as<std::string>{}, "and", "and, second", "or", "or, second", "a timeout", "a deadline", "a group");
  for (auto how : {"cancels", "cancels twice", "cancels and ends", "cancels and throws", "throws"}) {
    CAPTURE(by, how);
    // || goes on with the slow one after an error, as documented.
    if (by.substr(0, 2) == "or" && how == std::string{"throws"})
      continue;
    census count;
    bool ended_before = false;
    (void) run<void>(f, [&](caf::event_based_actor*) -> awaitable<> {
      auto body = [&](task_group outer) -> awaitable<> {
        ended_before = co_await structure::combined(by, how, outer, count);
      };
      co_await bulkhead::with_task_group(body);
    });
    CHECK(ended_before);
    CHECK(count.count() == 0);
  }
}

TEST_CASE("a body that throws before it is a coroutine cancels its group and waits for it") {
  host_fixture f;
  census count;
  bool ended_before = false;
  auto result = run<void>(f, [&](caf::event_based_actor*) -> awaitable<> {
    auto plain = [&](task_group group) -> awaitable<> {
      group.add(structure::slow_to_end(count.enter()));
      if (count.count() > 0)
        throw std::runtime_error{"on purpose"};
      return bulkhead::delay(1ms);
    };
    auto ended = co_await bulkhead::as_expected(bulkhead::with_task_group(plain));
    ended_before = count.count() == 0;
    if (!ended)
      throw bulkhead::failure{ended.error()};
  });
  CHECK(result.error() == caf::make_error(caf::sec::runtime_error, "on purpose"));
  CHECK(ended_before);
}

TEST_CASE("a cancelled coroutine can clean up with members of its own") {
  host_fixture f;
  bool cleaned = false;
  auto result = run<void>(f, [&](caf::event_based_actor*) -> awaitable<> {
    auto worker = [&]() -> awaitable<> {
      try {
        co_await bulkhead::delay(structure::longer_than_the_test);
      } catch (...) {
        // cleans up below
      }
      co_await boost::asio::this_coro::throw_if_cancelled(false);
      co_await (bulkhead::delay(1ms) && bulkhead::delay(1ms));
      cleaned = true;
    };
    auto body = [&](task_group group) -> awaitable<> {
      group.add(worker());
      group.cancel();
      co_return;
    };
    co_await bulkhead::with_task_group(body);
  });
  CHECK(cleaned);
  CHECK(result);
}
