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

using outcome_pointer = std::shared_ptr<runtime::outcome_base>;

/// Fails `result` with `caf::sec::request_timeout` after `delay`, and cancels `what` then. Nothing is left of it once `result` is done.
void limit(caf::actor_system& system, const outcome_pointer& result, const outcome_pointer& what,
           std::chrono::nanoseconds delay);

/// Fails `result` with the first error of `all`, or else runs `succeed` when each of them has a value. Cancelling it cancels all. They do
/// not keep `result`, to which `succeed` may have a plain pointer.
void join(const std::vector<outcome_pointer>& all, const outcome_pointer& result, std::function<void()> succeed);

/// Makes a cancellation of `result` one of all that it is made of.
void cancel_with(runtime::outcome_base& result, std::vector<outcome_pointer> all);

/// Runs `what` when all of them are done, as `join` does.
void when_all_done(const std::vector<outcome_pointer>& all, const outcome_pointer& result, std::function<void()> what);

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

/// What `as_completed` gives: the places that results take in the order in which they come. The futures keep it, and it does not keep them;
/// so it goes with the last future, and nothing of it is left at those that are not done.
template <class T>
class completion_line : public std::enable_shared_from_this<completion_line<T>> {
public:
  ~completion_line() {
    for (auto& [from, number] : waiting_)
      from->forget(number);
  }

  future<T> add(std::shared_ptr<runtime::outcome<T>> from) {
    auto place = std::make_shared<runtime::outcome<T>>();
    places_.push_back(place);
    waiting_.emplace_back(std::move(from), 0);
    place->source(std::make_shared<keep>(this->shared_from_this(), place));
    return future<T>{std::move(place)};
  }

  /// Once all were added.
  void begin() {
    for (auto& [from, number] : waiting_)
      number = from->on_done([weak = this->weak_from_this(), from = from.get()] {
        if (auto self = weak.lock())
          self->put(*from);
      });
  }

private:
  class keep final : public runtime::canceller {
  public:
    keep(std::shared_ptr<completion_line> line, std::weak_ptr<runtime::outcome<T>> place)
      : line_(std::move(line)), place_(std::move(place)) {
      // nop
    }

    bool cancel() override {
      auto place = place_.lock();
      return place && place->fail(caf::make_error(errc::cancelled));
    }

  private:
    const std::shared_ptr<completion_line> line_;
    const std::weak_ptr<runtime::outcome<T>> place_;
  };

  void put(const runtime::outcome<T>& from) {
    std::unique_lock guard{mutex_};
    auto place = places_[next_++].lock();
    guard.unlock();
    if (place && from.reason())
      place->fail(from.reason());
    else if (place)
      place->set(from.value());
  }

  std::mutex mutex_;
  size_t next_ = 0;
  std::vector<std::weak_ptr<runtime::outcome<T>>> places_;
  std::vector<std::pair<std::shared_ptr<runtime::outcome<T>>, runtime::outcome_base::waiter>> waiting_;
};

} // namespace detail

/// All values in the order of `all`, or the first error; the others go on then. Cancelling it cancels them all.
/// @param all not empty futures.
template <class T>
  requires(!std::is_void_v<T>)
future<std::vector<T>> gather(std::vector<future<T>> all) {
  auto result = std::make_shared<runtime::outcome<std::vector<T>>>();
  auto states = detail::states_of(all);
  detail::join(states, result, [result = result.get(), all = std::move(all)] {
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
  detail::join(detail::states_of(all), result, [result = result.get()] { result->set({}); });
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
  detail::join({first.state(), others.state()...}, result, [result = result.get(), first, others...] {
    result->set(values(detail::gather_one(first), detail::gather_one(others)...));
  });
  return future<values>{std::move(result)};
}

/// Done when all are, however they ended: look at each of them.
/// @param all not empty futures.
template <class T>
future<void> wait_all(const std::vector<future<T>>& all) {
  auto result = std::make_shared<runtime::outcome<void>>();
  detail::when_all_done(detail::states_of(all), result, [result = result.get()] { result->set({}); });
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
    result->await(all[i].state(), [result = result.get(), i] { result->set(size_t{i}); });
  return future<size_t>{std::move(result)};
}

/// The same futures, in the order in which they are done.
/// @param all not empty futures.
template <class T>
std::vector<future<T>> as_completed(const std::vector<future<T>>& all) {
  auto line = std::make_shared<detail::completion_line<T>>();
  std::vector<future<T>> result;
  for (auto& x : all)
    result.push_back(line->add(x.state()));
  line->begin();
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
  result->await(what.state(), [result = result.get(), from = what.state().get()] {
    if (from->reason())
      result->fail(from->reason());
    else
      result->set(from->value());
  });
  detail::limit(system, result, what.state(), delay_max);
  return future<T>{std::move(result)};
}

} // namespace bulkhead
