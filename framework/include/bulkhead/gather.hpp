#pragma once

// What asyncio has for several futures at once. All of it works on futures of any origin, also on its own results.

#include "bulkhead/future.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace bulkhead {

namespace detail {

/// Runs `what` on a thread of the runtime after `delay`.
void run_later(caf::actor_system& system, std::chrono::nanoseconds delay, std::function<void()> what);

using outcome_pointer = std::shared_ptr<runtime::outcome_base>;

/// Fails `result` with the first error of `all`, or else runs `succeed` when each of them has a value. Cancelling it cancels all.
void join(std::vector<outcome_pointer> all, const outcome_pointer& result, std::function<void()> succeed);

/// Makes a cancellation of `result` one of all that it is made of.
void cancel_with(runtime::outcome_base& result, std::vector<outcome_pointer> all);

/// Runs `what` when all of them are done.
void when_all_done(const std::vector<outcome_pointer>& all, std::function<void()> what);

template <class T>
std::vector<outcome_pointer> states_of(const std::vector<future<T>>& all) {
  std::vector<outcome_pointer> result;
  result.reserve(all.size());
  for (auto& x : all)
    result.push_back(x.state());
  return result;
}

/// What a tuple has for the value of a future.
template <class T>
using gathered = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
gathered<T> gather_one(const future<T>& from) {
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return from.state()->value();
}

} // namespace detail

/// All values in the order of `all`, or the first error; the others go on then. Cancelling it cancels them all.
/// @param all not empty futures.
template <class T>
  requires(!std::is_void_v<T>)
future<std::vector<T>> gather(std::vector<future<T>> all) {
  auto result = std::make_shared<runtime::outcome<std::vector<T>>>();
  auto states = detail::states_of(all);
  detail::join(std::move(states), result, [result, all = std::move(all)] {
    std::vector<T> values;
    values.reserve(all.size());
    for (auto& x : all)
      values.push_back(x.state()->value());
    result->set(std::move(values));
  });
  return future<std::vector<T>>{std::move(result)};
}

/// The same for what gives no value.
/// @param all not empty futures.
inline future<void> gather(const std::vector<future<void>>& all) {
  auto result = std::make_shared<runtime::outcome<void>>();
  detail::join(detail::states_of(all), result, [result] { result->set({}); });
  return future<void>{std::move(result)};
}

/// The same for futures of several types: `auto both = gather(pool.submit<&f>(1), pool.submit<&g>("x"));`. `void` gives a
/// `std::monostate`, so that the places in the tuple are those of the arguments.
/// @param first gives the first place of the tuple.
/// @param others give the other ones.
template <class T, class... Ts>
future<std::tuple<detail::gathered<T>, detail::gathered<Ts>...>> gather(future<T> first, future<Ts>... others) {
  using values = std::tuple<detail::gathered<T>, detail::gathered<Ts>...>;
  auto result = std::make_shared<runtime::outcome<values>>();
  detail::join({first.state(), others.state()...}, result, [result, first, others...] {
    result->set(values(detail::gather_one(first), detail::gather_one(others)...));
  });
  return future<values>{std::move(result)};
}

/// Done when all are, however they ended: look at each of them.
/// @param all not empty futures.
template <class T>
future<void> wait_all(const std::vector<future<T>>& all) {
  auto result = std::make_shared<runtime::outcome<void>>();
  detail::when_all_done(detail::states_of(all), [result] { result->set({}); });
  return future<void>{std::move(result)};
}

/// The index of the one that is done first, be it with a value or an error; the others go on. `caf::sec::invalid_argument` if
/// there is none.
/// @param all not empty futures.
template <class T>
future<size_t> first_completed(const std::vector<future<T>>& all) {
  auto result = std::make_shared<runtime::outcome<size_t>>();
  if (all.empty())
    result->fail(caf::make_error(caf::sec::invalid_argument, "no futures to wait for"));
  for (size_t i = 0; i < all.size(); ++i)
    all[i].state()->on_done([result, i] { result->set(size_t{i}); });
  return future<size_t>{std::move(result)};
}

/// The same futures, in the order in which they are done.
/// @param all not empty futures.
template <class T>
std::vector<future<T>> as_completed(const std::vector<future<T>>& all) {
  struct state {
    std::mutex mutex;
    size_t next = 0;
    std::vector<std::shared_ptr<runtime::outcome<T>>> places;
  };
  auto shared = std::make_shared<state>();
  std::vector<future<T>> result;
  for (size_t i = 0; i < all.size(); ++i) {
    shared->places.push_back(std::make_shared<runtime::outcome<T>>());
    result.emplace_back(shared->places.back());
  }
  for (auto& x : all)
    x.state()->on_done([shared, from = x.state()] {
      std::unique_lock guard{shared->mutex};
      auto place = shared->places[shared->next++];
      guard.unlock();
      if (from->reason())
        place->fail(from->reason());
      else
        place->set(from->value());
    });
  return result;
}

/// What `what` gives, or `caf::sec::request_timeout` after `delay_max`: then `what` is cancelled.
/// @param system whose clock counts.
/// @param what any future.
/// @param delay_max from now.
template <class T>
future<T> with_timeout(caf::actor_system& system, const future<T>& what, std::chrono::nanoseconds delay_max) {
  auto result = std::make_shared<runtime::outcome<T>>();
  detail::cancel_with(*result, {what.state()});
  what.state()->on_done([result, from = what.state()] {
    if (from->reason())
      result->fail(from->reason());
    else
      result->set(from->value());
  });
  detail::run_later(system, delay_max, [result, what] {
    if (result->fail(caf::make_error(caf::sec::request_timeout)))
      what.cancel();
  });
  return future<T>{std::move(result)};
}

} // namespace bulkhead
