#pragma once

#include "bulkhead/errors.hpp"
#include "bulkhead/runtime/outcome.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/expected.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace bulkhead {

namespace detail {

/// Runs `handle` as a message of `self` when the function that it returns is called, once and on any thread. As for a
/// response, the actor goes on until then.
std::function<void()> expect(caf::scheduled_actor* self, std::function<void()> handle);

/// Hands `reason` to the error handler of `actor`.
void send_error(const caf::strong_actor_ptr& actor, caf::error reason);

/// Blocks until `what` is done, or until `timeout_max` has passed.
/// @returns `errc::would_block` on a thread that runs actors, `caf::sec::request_timeout`.
caf::error wait_until_done(runtime::outcome_base& what, std::chrono::nanoseconds timeout_max);

} // namespace detail

/// A value that is not there yet: the result of a task. Copies are the same future; all of them see the value.
///
/// Thread safety: all functions from any thread. Lifetime: independent of the executor. A future that nobody looks at costs
/// nothing, and its task runs all the same.
template <class T>
class future {
public:
  using value_type = T;
  /// What its copies share.
  using outcome = runtime::outcome<T>;

  /// Empty: only to be assigned to.
  future() noexcept = default;

  /// Runs `on_value(const T&)`, or `on_value()` for `void`, as a message of the actor `self`, or else
  /// `on_error(const caf::error&)`. Neither runs when the actor has ended. The actor stays alive until then.
  /// @param self an event-based actor, from inside of it.
  /// @param on_value called with the value.
  /// @param on_error called with the error.
  template <class Self, class OnValue, class OnError>
  void then(Self* self, OnValue on_value, OnError on_error) const {
    static_assert(std::is_base_of_v<caf::scheduled_actor, Self>,
                  "then needs an event-based actor: use get() in others");
    auto handle = [state = state_, on_value = std::move(on_value), on_error = std::move(on_error)]() mutable {
      if (state->reason())
        on_error(state->reason());
      else
        invoke(on_value, *state);
    };
    auto shared = std::make_shared<decltype(handle)>(std::move(handle)); // std::function wants copies
    state_->on_done(detail::expect(self, [shared] { (*shared)(); }));
  }

  /// The same; an error goes to the actor's error handler, which ends the actor unless it was set.
  /// @param self an event-based actor, from inside of it.
  /// @param on_value called with the value.
  template <class Self, class OnValue>
  void then(Self* self, OnValue on_value) const {
    then(self, std::move(on_value), [receiver = caf::strong_actor_ptr{self->ctrl()}](const caf::error& reason) {
      detail::send_error(receiver, reason);
    });
  }

  /// Answers the request that the actor `self` handles just now: `return pool.submit<&f>(x).respond(self);`
  /// @param self an event-based actor, from inside of a handler.
  template <class Self>
  auto respond(Self* self) const {
    auto promise = self->template make_response_promise<T>();
    auto fail = [promise](const caf::error& reason) mutable { promise.deliver(reason); };
    if constexpr (std::is_void_v<T>)
      then(
        self, [promise]() mutable { promise.deliver(); }, fail);
    else
      then(
        self, [promise](const T& value) mutable { promise.deliver(value); }, fail);
    return promise;
  }

  /// Makes it an operation of Asio: `co_await pool.submit<&f>(x)` in a coroutine. Needs <bulkhead/coroutine.hpp>.
  /// @param token says what happens at the end; `co_await` chooses it.
  template <class CompletionToken>
    requires(!std::is_pointer_v<std::remove_cvref_t<CompletionToken>>) // with which Asio tries what is no operation
  auto operator()(CompletionToken&& token) const;

  /// Waits for the value; for plain threads and blocking actors.
  /// @returns the error of the task, or `errc::would_block` at once on a thread that runs actors.
  [[nodiscard]] caf::expected<T> get() const {
    return wait_for(std::chrono::nanoseconds::max());
  }

  /// The same, for at most `timeout_max`: then `caf::sec::request_timeout`, and the task goes on.
  /// @param timeout_max from now; none at its largest value.
  [[nodiscard]] caf::expected<T> wait_for(std::chrono::nanoseconds timeout_max) const {
    if (auto failed = detail::wait_until_done(*state_, timeout_max))
      return failed;
    return result();
  }

  /// Whether `get` would return at once.
  [[nodiscard]] bool ready() const {
    return state_->done();
  }

  /// Runs `what(const caf::expected<T>&)` on the thread that brings the result, or at once if it is there: a thread of the
  /// runtime. So it must be short and must not wait, not even for another future. What it throws becomes a line on
  /// standard error.
  /// @param what kept until then.
  template <class F>
  void on_done(F what) const {
    state_->on_done([state = state_, what = std::move(what)]() mutable { what(result_of(*state)); });
  }

  /// Ends it with `errc::cancelled`. A task that has not begun never does; of one that runs the worker process is killed and
  /// replaced, which no other task notices.
  /// @returns whether it ended so, now or before; false if it was too late.
  bool cancel() const {
    return state_->cancel();
  }

  /// Whether it is not empty.
  explicit operator bool() const noexcept {
    return state_ != nullptr;
  }

  // -- for Bulkhead -----------------------------------------------------------

  explicit future(std::shared_ptr<outcome> state) noexcept : state_(std::move(state)) {
    // nop
  }

  [[nodiscard]] const std::shared_ptr<outcome>& state() const noexcept {
    return state_;
  }

private:
  static caf::expected<T> result_of(const outcome& done) {
    if (done.reason())
      return done.reason();
    if constexpr (std::is_void_v<T>)
      return {};
    else
      return done.value();
  }

  [[nodiscard]] caf::expected<T> result() const {
    return result_of(*state_);
  }

  template <class F>
  static void invoke(F& fun, const outcome& done) {
    if constexpr (std::is_void_v<T>)
      fun();
    else
      fun(done.value());
  }

  std::shared_ptr<outcome> state_;
};

} // namespace bulkhead
