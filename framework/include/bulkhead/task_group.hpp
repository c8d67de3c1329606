#pragma once

// Coroutines with a limit in time, and groups of them. Users include <bulkhead/coroutine.hpp>.

#include "bulkhead/nursery.hpp"

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace bulkhead {

/// Ends after `how_long`; at once if that is not positive. For the calling coroutine, whose actor it keeps alive.
/// @param how_long from when it is awaited.
awaitable<> delay(std::chrono::nanoseconds how_long);

namespace detail {

/// Throws `caf::sec::request_timeout`.
[[noreturn]] void time_out();

/// How long it is until `deadline`, 0 if that has passed.
std::chrono::nanoseconds time_until(std::chrono::steady_clock::time_point deadline);

/// The moment `how_long` from now, or the last one.
std::chrono::steady_clock::time_point deadline_in(std::chrono::nanoseconds how_long);

template <class T>
struct result_of_awaitable;

template <class T>
struct result_of_awaitable<awaitable<T>> {
  using type = T;
};

template <class T>
awaitable<T> until(awaitable<T> what, std::chrono::steady_clock::time_point deadline) {
  auto all = std::make_shared<nursery>(co_await boost::asio::this_coro::executor);
  std::optional<value_of<T>> result;
  bool timed_out = false;
  auto start = [&] {
    all->add(std::move(what), [&](std::exception_ptr failed, value_of<T> value) {
      if (!failed)
        result.emplace(std::move(value));
      all->fail(std::move(failed));
      all->cancel();
    });
    all->add(delay(time_until(deadline)), [&](std::exception_ptr failed, unit) {
      timed_out = !failed;
      all->cancel();
    });
  };
  co_await run_members(*all, start);
  if (!result && timed_out)
    time_out();
  if (!result)
    all->rethrow();
  if constexpr (!std::is_void_v<T>)
    co_return std::move(*result);
}

} // namespace detail

/// Cancels `what` (a coroutine, a future, a request) at `deadline`, and all that it awaits. When that has ended it throws
/// `caf::sec::request_timeout`, unless there was a result after all. Of several deadlines around each other the first one holds.
/// @param what not begun yet.
/// @param deadline by the steady clock.
template <class X>
auto with_deadline(X&& what, std::chrono::steady_clock::time_point deadline) {
  if constexpr (detail::check_awaited<X>())
    return detail::until(to_awaitable(std::forward<X>(what)), deadline);
}

/// The same, at most `how_long` from now.
/// @param what not begun yet.
/// @param how_long from this call on.
template <class X>
auto with_timeout(X&& what, std::chrono::nanoseconds how_long) {
  return with_deadline(std::forward<X>(what), detail::deadline_in(how_long));
}

/// Coroutines that end together, as Python's `asyncio.TaskGroup`: see `with_task_group`.
///
/// Thread safety: of its actor. Lifetime: a value, copies are the same group; nothing can be added when it has ended.
class task_group {
public:
  /// Begins a coroutine, a future or a request in the group. It runs at once up to where it first waits; its value is dropped.
  /// If the group was cancelled, so is what is added.
  /// @param what not begun yet.
  template <class X>
  void add(X&& what) {
    if constexpr (detail::check_awaited<X>())
      all_->add(to_awaitable(std::forward<X>(what)), [all = all_.get()](std::exception_ptr failed, auto&&) {
        if (failed) {
          all->fail(std::move(failed));
          all->cancel();
        }
      });
  }

  /// Cancels what runs in the group, its body as well. `with_task_group` throws what that ends with.
  void cancel() {
    all_->cancel();
  }

  // -- for Bulkhead -----------------------------------------------------------

  explicit task_group(std::shared_ptr<detail::nursery> all) : all_(std::move(all)) {
    // nop
  }

private:
  std::shared_ptr<detail::nursery> all_;
};

/// Runs the coroutine `body(group)` and what it adds to the group, and ends when all have ended. The first error, of the body or of
/// another, cancels the rest and is thrown in the end; if the caller is cancelled, so are they. An exception of the call `body(group)` itself
/// is an error of the body.
/// @param body kept until then, so it may be a lambda with captures.
template <class Body>
auto with_task_group(Body body) -> std::invoke_result_t<Body&, task_group> {
  using result_type = typename detail::result_of_awaitable<std::invoke_result_t<Body&, task_group>>::type;
  auto all = std::make_shared<detail::nursery>(co_await boost::asio::this_coro::executor);
  std::optional<detail::value_of<result_type>> result;
  auto start = [&] { all->add(body(task_group{all}), detail::fails_all<result_type>(*all, result)); };
  co_await detail::run_members(*all, start);
  all->rethrow();
  if constexpr (!std::is_void_v<result_type>)
    co_return std::move(*result);
}

} // namespace bulkhead
