#pragma once

// What asyncio has for several futures at once. All of it works on futures of any origin, also on its own results.

#include "bulkhead/future.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace bulkhead {

namespace detail {

/// Cancels all of them.
template <class T>
class cancel_each final : public runtime::canceller {
public:
  explicit cancel_each(std::vector<future<T>> all) : all_(std::move(all)) {
    // nop
  }

  bool cancel() override {
    auto result = false;
    for (auto& x : all_)
      result |= x.cancel();
    return result;
  }

private:
  const std::vector<future<T>> all_;
};

/// Runs `what` on a thread of the runtime after `delay`.
void run_later(caf::actor_system& system, std::chrono::nanoseconds delay, std::function<void()> what);

/// How many results a gathering waits for.
class countdown {
public:
  explicit countdown(size_t count) : left_(count) {
    // nop
  }

  /// @returns whether this was the last one.
  bool one_less() {
    std::lock_guard guard{mutex_};
    return --left_ == 0;
  }

private:
  std::mutex mutex_;
  size_t left_;
};

} // namespace detail

/// All values in the order of `all`, or the first error; the others go on then. Cancelling it cancels them all.
template <class T>
  requires(!std::is_void_v<T>)
future<std::vector<T>> gather(std::vector<future<T>> all) {
  auto result = std::make_shared<runtime::outcome<std::vector<T>>>();
  if (all.empty()) {
    result->set({});
    return future<std::vector<T>>{std::move(result)};
  }
  result->source(std::make_shared<detail::cancel_each<T>>(all));
  auto left = std::make_shared<detail::countdown>(all.size());
  auto shared = std::make_shared<const std::vector<future<T>>>(std::move(all));
  for (auto& x : *shared)
    x.on_done([result, left, shared](const caf::expected<T>& value) {
      if (!value) {
        result->fail(value.error());
      } else if (left->one_less()) {
        std::vector<T> values;
        values.reserve(shared->size());
        for (auto& y : *shared)
          if (!y.state()->reason())
            values.push_back(y.state()->value());
        if (values.size() == shared->size())
          result->set(std::move(values));
      }
    });
  return future<std::vector<T>>{std::move(result)};
}

/// Done when all are, however they ended: look at each of them.
template <class T>
future<void> wait_all(const std::vector<future<T>>& all) {
  auto result = std::make_shared<runtime::outcome<void>>();
  if (all.empty())
    result->set({});
  auto left = std::make_shared<detail::countdown>(all.size());
  for (auto& x : all)
    x.state()->on_done([result, left] {
      if (left->one_less())
        result->set({});
    });
  return future<void>{std::move(result)};
}

/// The index of the one that is done first, be it with a value or an error; the others go on. `caf::sec::invalid_argument` if
/// there is none.
template <class T>
future<size_t> first_completed(const std::vector<future<T>>& all) {
  auto result = std::make_shared<runtime::outcome<size_t>>();
  if (all.empty())
    result->fail(caf::make_error(caf::sec::invalid_argument, "no futures to wait for"));
  for (size_t i = 0; i < all.size(); ++i)
    all[i].state()->on_done([result, i] { result->set(i); });
  return future<size_t>{std::move(result)};
}

/// The same futures, in the order in which they are done.
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
template <class T>
future<T> with_timeout(caf::actor_system& system, const future<T>& what, std::chrono::nanoseconds delay_max) {
  auto result = std::make_shared<runtime::outcome<T>>();
  result->source(std::make_shared<detail::cancel_each<T>>(std::vector<future<T>>{what}));
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
