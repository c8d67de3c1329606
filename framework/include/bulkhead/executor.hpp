#pragma once

#include "bulkhead/future.hpp"
#include "bulkhead/runtime/executor_options.hpp"
#include "bulkhead/runtime/task.hpp"
#include "bulkhead/runtime/task_function.hpp"

#include <caf/fwd.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace bulkhead {

namespace detail {

/// Explains with one sentence what keeps `F(Ts...)` from running in another process; true if nothing does.
template <class F, class... Ts>
consteval bool check_task() {
  using signature = typename runtime::task_of<F>::signature;
  static_assert(!signature::takes_pointers,
                "a task cannot take a pointer: pass the value, such as a std::string or bytes");
  static_assert(
    !signature::takes_references,
    "a task cannot change the caller's objects: take its parameters by value or const&, and return the result");
  static_assert(signature::takes_known_types,
                "each parameter of a task needs a type id: add CAF_ADD_TYPE_ID for it to the application's block");
  static_assert(runtime::can_be_result<typename runtime::task_of<F>::result>,
                "the result of a task needs a type id: add CAF_ADD_TYPE_ID for it to the application's block");
  static_assert(signature::template accepts<Ts...>(), "the arguments do not fit the parameters of the task's function");
  return !signature::takes_pointers && !signature::takes_references && signature::takes_known_types
         && runtime::can_be_result<typename runtime::task_of<F>::result> && signature::template accepts<Ts...>();
}

template <class F>
concept has_one_call = requires {
  &F::operator();
};

template <class F>
consteval bool check_object() {
  static_assert(has_one_call<F>, "a task needs a function object with one call operator that is no template: name the "
                                 "parameters' types, and pass functions as submit<&function>(...)");
  static_assert(!has_one_call<F> || (std::is_empty_v<F> && std::is_default_constructible_v<F>),
                "a task cannot capture anything: pass what it needs as arguments");
  return has_one_call<F> && std::is_empty_v<F> && std::is_default_constructible_v<F>;
}

/// Ends an executor with its last handle.
struct executor_state;

} // namespace detail

/// The function `Fun` with its arguments, for `executor_options::initializer`.
/// @param arguments copied into each worker.
template <auto Fun, class... Ts>
bound_function call(Ts&&... arguments) {
  using fun = runtime::function_value<Fun>;
  if constexpr (detail::check_task<fun, Ts...>())
    return {runtime::task_of<fun>::entry.key,
            runtime::task_of<fun>::signature::arguments(std::forward<Ts>(arguments)...)};
  else
    return {};
}

/// Runs functions of this program in worker processes, so that they may compute, crash, hang and leak without harm to it:
/// `pool.submit<&sum_of_squares>(10'000'000).then(self, on_value, on_error)`.
///
/// Workers run this program (or `worker.program`, which must be built from the same sources); nothing needs to be registered. What a
/// function takes and returns needs a type id. It may return `void`, `caf::expected<T>` or `caf::result<T>`; an exception arrives as
/// `errc::task_failed` with its type and text. Payloads (`bytes`, `array`) are lent, not copied.
///
/// When a worker dies, the task that it was running fails with `errc::worker_lost` and a `worker_death`, unless it may be retried;
/// tasks that had not begun go to other workers, and the worker is replaced.
///
/// Errors of futures: those of the function, `task_failed`, `worker_lost`, `cancelled`, `executor_full`, `shutting_down`,
/// `unknown_function`, `not_loaded`, `encode_failed`, `decode_failed`, `message_too_large`, `payload_room_full`, and why a worker cannot
/// start (see `host`; `constructor_failed` if the initializer failed).
///
/// Thread safety: all functions from any thread. Lifetime: a value, copies are the same executor. When the last one goes, it ends
/// as by `shutdown(at_shutdown::finish)`, without waiting. The actor system must outlive it, and tasks that have not ended with
/// the actor system fail with `shutting_down` or `worker_lost`.
class executor {
public:
  /// Starts workers when there is work for them, or at once with `workers_min`. Wrong options fail each task.
  /// @param system has the module `bulkhead::host` loaded.
  /// @param options how many workers, and how they are started.
  explicit executor(caf::actor_system& system, executor_options options = {});

  /// Runs `Fun(arguments...)` in a worker. Never blocks.
  /// @param arguments as the parameters of `Fun` take them.
  template <auto Fun, class... Ts>
  auto submit(Ts&&... arguments) const {
    return submit_as<runtime::function_value<Fun>>(std::forward<Ts>(arguments)...);
  }

  /// The same for a function object without captures: `pool.submit([](int32_t x) { return x * x; }, 7)`.
  /// @param arguments as the parameters of the function object take them.
  template <class F, class... Ts>
  auto submit(F, Ts&&... arguments) const {
    if constexpr (detail::check_object<F>())
      return submit_as<F>(std::forward<Ts>(arguments)...);
  }

  /// This executor with other options for tasks: `pool.with({.retries_max = 2}).submit<&f>(x)`.
  /// @param options of the tasks that are submitted through the result.
  [[nodiscard]] executor with(task_options options) const;

  /// Done when there is room for another task, see `executor_options::tasks_max`: `pool.when_room().then(self, [=] { ... })`.
  /// Others may be quicker, so `submit` can still fail. Those who wait are told in turn; the next ones are told when room is left.
  [[nodiscard]] future<void> when_room() const;

  /// Accepts no more tasks and returns at once. May be called again with a stronger wish.
  /// @param how what becomes of tasks that have not ended.
  void shutdown(at_shutdown how = at_shutdown::finish) const;

  /// The same, and returns when all tasks and workers have ended.
  /// @param how what becomes of tasks that have not ended.
  /// @returns `errc::would_block`, without having waited, on a thread that runs actors.
  caf::error shutdown_and_wait(at_shutdown how = at_shutdown::finish) const;

  /// Number of workers that run or start; may be outdated at once, as `unfinished`.
  [[nodiscard]] size_t workers() const;

  /// Number of tasks that were accepted and have not ended.
  [[nodiscard]] size_t unfinished() const;

  /// Workers, tasks, and starts that fail; may be outdated at once, too.
  [[nodiscard]] executor_status status() const;

  /// For `map` and the like.
  [[nodiscard]] caf::actor_system& system() const noexcept;

  // -- for Bulkhead -----------------------------------------------------------

  /// @param may_wait whether it waits for room rather than failing with `executor_full`.
  void submit_call(const runtime::task_entry& function, caf::message arguments,
                   std::shared_ptr<runtime::outcome_base> result, bool may_wait = false) const;

private:
  template <class F, class... Ts>
  auto submit_as(Ts&&... arguments) const {
    if constexpr (detail::check_task<F, Ts...>()) {
      using fun = runtime::task_of<F>;
      auto result = std::make_shared<runtime::outcome<typename fun::result>>();
      if (auto missing = fun::signature::find_uninitialized())
        result->fail(std::move(missing));
      else
        submit_call(fun::entry, fun::signature::arguments(std::forward<Ts>(arguments)...), result);
      return future<typename fun::result>{std::move(result)};
    }
  }

  std::shared_ptr<const detail::executor_state> state_;
  task_options options_;
};

} // namespace bulkhead
