#pragma once

// Coroutines in actors: `asio::awaitable` with an actor's executor. All of it is used inside an event-based actor, in the host or in a
// worker; what a coroutine may wait for, how errors and cancellation work and what to beware of stands in docs/coroutines.md.

#include "bulkhead/awaitable_operators.hpp"
#include "bulkhead/awaited_values.hpp"
#include "bulkhead/host.hpp"
#include "bulkhead/task_group.hpp"

#include <caf/actor_system.hpp>
#include <caf/response_handle.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/sec.hpp>
#include <caf/typed_response_promise.hpp>

#include <boost/asio/deferred.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace bulkhead {

/// Begins a coroutine of the actor `self`, at once and up to where it first waits. Nobody awaits it, so an error that leaves it is the
/// actor's: a `failure` goes to its error handler, which by default ends the actor with that reason; any other exception ends it as if a
/// message handler had thrown. `errc::cancelled` is no error here.
///
/// An actor without a behavior lives until its last coroutine has ended.
/// @param self an event-based actor, from inside of it.
/// @param what what a function that is a coroutine has returned.
/// @throws std::logic_error as `io`, also from the other functions that take `self`.
template <class T>
void co_spawn(caf::scheduled_actor* self, awaitable<T> what) {
  auto scope = detail::coroutine_scope::of(self);
  scope->begin_root(std::move(what), [all = scope.get()](std::exception_ptr failed, auto&&) { all->ended(failed); });
}

/// For what is no coroutine: does not compile, and says why.
template <class T>
  requires(!detail::is_awaitable<T>::value)
void co_spawn(caf::scheduled_actor*, const T&) {
  (void) detail::check_coroutine<T>();
}

namespace detail {

/// Cancels a coroutine from any thread.
template <class T>
class cancel_coroutine final : public runtime::canceller {
public:
  cancel_coroutine(actor_executor executor, const std::shared_ptr<running>& what,
                   const std::shared_ptr<runtime::outcome<T>>& result)
    : executor_(std::move(executor)), what_(what), result_(result) {
    // nop
  }

  bool cancel() override {
    boost::asio::post(executor_, [weak = what_] {
      if (auto what = weak.lock())
        what->cancellation.emit(boost::asio::cancellation_type::all);
    });
    auto result = result_.lock();
    return result && result->fail(cancelled());
  }

private:
  const actor_executor executor_;
  const std::weak_ptr<running> what_;
  const std::weak_ptr<runtime::outcome<T>> result_;
};

/// Fails a future whose coroutine has gone with its actor.
template <class T>
class task_end {
public:
  explicit task_end(std::shared_ptr<runtime::outcome<T>> result) : result_(std::move(result)) {
    // nop
  }

  task_end(task_end&&) noexcept = default;

  ~task_end() {
    if (result_)
      result_->fail(caf::make_error(caf::sec::request_receiver_down));
  }

  void operator()(std::exception_ptr failed, value_of<T> value) {
    auto result = std::move(result_);
    if (failed)
      result->fail(to_error(failed));
    else if constexpr (std::is_void_v<T>)
      result->set({});
    else
      result->set(std::move(value));
  }

private:
  std::shared_ptr<runtime::outcome<T>> result_;
};

} // namespace detail

/// Begins a coroutine of the actor `self` as `co_spawn` does, and gives a future of what it returns: to be awaited, by several perhaps, or
/// cancelled. Errors are the future's: what the coroutine throws, see `to_error`; `errc::cancelled`; and
/// `caf::sec::request_receiver_down` if the actor has ended before. An error that nobody looks at is lost.
///
/// To cancel the future ends it at once; the coroutine is cancelled by a message to its actor.
/// @param self an event-based actor, from inside of it.
/// @param what what a function that is a coroutine has returned.
template <class T>
future<T> create_task(caf::scheduled_actor* self, awaitable<T> what) {
  auto scope = detail::coroutine_scope::of(self);
  auto result = std::make_shared<runtime::outcome<T>>();
  auto begun = scope->begin_root(std::move(what), detail::task_end<T>{result});
  result->source(std::make_shared<detail::cancel_coroutine<T>>(scope->executor(), begun, result));
  return future<T>{std::move(result)};
}

/// For what is no coroutine: does not compile, and says why.
template <class T>
  requires(!detail::is_awaitable<T>::value)
void create_task(caf::scheduled_actor*, const T&) {
  (void) detail::check_coroutine<T>();
}

/// Answers the request that `self` handles just now with what the coroutine returns or throws (see `to_error`):
/// `[self](int32_t x) { return co_respond(self, serve(self, x)); }`. The actor goes on with other messages until then. It is not cancelled
/// when the request's timeout has passed. If the actor ends before, the answer is an error as for any open request.
/// @param self an event-based actor, from inside of a handler.
/// @param what what a function that is a coroutine has returned.
template <class T, class Self>
auto co_respond(Self* self, awaitable<T> what) {
  auto promise = self->template make_response_promise<T>();
  auto scope = detail::coroutine_scope::of(self);
  scope->begin_root(std::move(what), [promise](std::exception_ptr failed, detail::value_of<T> value) mutable {
    if (failed)
      promise.deliver(to_error(failed));
    else if constexpr (std::is_void_v<T>)
      promise.deliver();
    else
      promise.deliver(std::move(value));
  });
  return promise;
}

/// For what is no coroutine: does not compile, and says why.
template <class T, class Self>
  requires(!detail::is_awaitable<T>::value)
void co_respond(Self*, const T&) {
  (void) detail::check_coroutine<T>();
}

/// A request that is sent when it is awaited: `auto y = co_await request<int32_t>(self, server, 1s, 7);`
///
/// It gives a value of the one type `Ts`, a tuple of several, nothing for none. For a typed handle `Ts` may be left out. Throws a `failure` with
/// the error of the request, as `self->request` gives it. Cancelled, it fails with `errc::cancelled` and its response will be dropped.
/// @param self the actor of the awaiting coroutine.
/// @param to the receiver.
/// @param timeout `caf::infinite` for none.
/// @param arguments the message; kept until the request is sent.
template <class... Ts, class Self, class Handle, class Rep, class Period, class... Args>
auto request(Self* self, const Handle& to, std::chrono::duration<Rep, Period> timeout, Args&&... arguments) {
  static_assert((runtime::can_cross_processes<caf::detail::strip_and_convert_t<Args>> && ...),
                "each part of a message needs a type id: add CAF_ADD_TYPE_ID for it to the application's block");
  static_assert((runtime::can_cross_processes<Ts> && ...),
                "each part of a response needs a type id: add CAF_ADD_TYPE_ID for it to the application's block");
  auto send = [self, to, timeout,
               content = std::tuple<std::decay_t<Args>...>{std::forward<Args>(arguments)...}]() mutable {
    return std::apply([&](auto&... xs) { return self->request(to, timeout, std::move(xs)...); }, content);
  };
  using promised = typename decltype(send())::response_type;
  return detail::await_response(self, std::move(send),
                                typename detail::response_types<caf::detail::type_list<Ts...>, promised>::type{});
}

/// Spawns a heavy actor as `host::spawn_async` does: `auto worker = co_await spawn(self, "squarer", options, 7);`. Throws a `failure` with
/// the errors that `host` names. Cancelled, the actor ends as soon as it is there.
/// @param self the actor of the awaiting coroutine.
/// @param name as which the actor is registered.
/// @param arguments `worker_options` first, if any, then what the actor is given.
template <class Handle = caf::actor, class Self, class... Ts>
auto spawn(Self* self, std::string_view name, Ts&&... arguments) {
  auto send = [self, name = std::string{name},
               rest = std::tuple<std::decay_t<Ts>...>{std::forward<Ts>(arguments)...}]() mutable {
    return std::apply(
      [&](auto&... xs) { return host::of(self->system()).template spawn_async<Handle>(self, name, std::move(xs)...); },
      rest);
  };
  return detail::await_response(self, std::move(send), caf::detail::type_list<Handle>{});
}

/// The next message to the actor `self` that consists of `Ts` and that its behavior does not handle: a value of one type, a tuple of
/// several. From the first call on, such messages wait in the mailbox while no coroutine waits for them, and back pressure counts them;
/// coroutines that wait for the same get them in turn. A request is answered with nothing when it is received.
///
/// It does not keep the actor alive: when nobody can send to it any more, the actor ends. Cancelled, it fails with `errc::cancelled`.
/// What the actor needs a default handler for must be set (`set_default_handler`) before the first call.
/// @param self the actor of the awaiting coroutine.
template <class... Ts>
auto receive(caf::scheduled_actor* self) {
  static_assert(sizeof...(Ts) > 0, "name the types of the message: receive<int32_t>(self)");
  static_assert((runtime::can_cross_processes<Ts> && ...),
                "each part of a message needs a type id: add CAF_ADD_TYPE_ID for it to the application's block");
  return detail::await_message<Ts...>(self);
}

} // namespace bulkhead

namespace boost::asio {

// Asio asks this of whatever is awaited.
template <class Self, class Policy>
struct is_async_operation<caf::response_handle<Self, Policy>> : std::false_type {
  static_assert(sizeof(Policy) == 0, "a coroutine awaits bulkhead::request(self, ...), not self->request(...)");
};

} // namespace boost::asio
