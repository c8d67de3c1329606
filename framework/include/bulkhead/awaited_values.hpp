#pragma once

// How a coroutine waits for a response, a message or a future. For Bulkhead itself; users include <bulkhead/coroutine.hpp>.

#include "bulkhead/coroutine_scope.hpp"
#include "bulkhead/future.hpp"
#include "bulkhead/runtime/caf_opened.hpp"

#include <caf/detail/type_list.hpp>
#include <caf/disposable.hpp>
#include <caf/message.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/type_id_list.hpp>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace bulkhead {

namespace detail {

/// Several values arrive as a tuple.
template <class... Ts>
struct joined {
  using type = std::tuple<Ts...>;
};

template <class T>
struct joined<T> {
  using type = T;
};

template <>
struct joined<> {
  using type = void;
};

[[nodiscard]] caf::error cancelled();

/// A coroutine that waits in an actor for values that CAF brings. It is told once at most.
template <class End, class... Ts>
class awaited_values {
public:
  using result_type = typename joined<Ts...>::type;

  awaited_values(caf::scheduled_actor* self, End end) : self_(self), end_(std::move(end)) {
    // nop
  }

  void succeed(Ts&... values) {
    if constexpr (sizeof...(Ts) == 0)
      finish(caf::expected<void>{});
    else
      finish(caf::expected<result_type>{result_type(std::move(values)...)});
  }

  void fail(caf::error reason) {
    finish(caf::expected<result_type>{std::move(reason)});
  }

  /// Fails in a message of its own, so that whoever cancels is not disturbed.
  void cancel() {
    if (!end_) // its coroutine goes on just now
      return;
    auto executor = boost::asio::get_associated_executor(end_->handler, io(self_));
    boost::asio::post(executor, [end = take()]() mutable { end(caf::expected<result_type>{cancelled()}); });
  }

  /// Calls `cancel` if the handler's slot says so, with what `get` finds still waiting.
  template <class Find>
  void on_cancellation(Find find) {
    auto slot = boost::asio::get_associated_cancellation_slot(end_->handler);
    if (slot.is_connected())
      slot.assign([find = std::move(find)](boost::asio::cancellation_type) mutable {
        if (auto waiting = find())
          waiting->cancel();
      });
  }

private:
  End take() {
    auto result = std::move(*end_);
    end_.reset();
    return result;
  }

  void finish(caf::expected<result_type> result) {
    auto end = take();
    actor_turn now{self_->ctrl()};
    end(std::move(result));
  }

  caf::scheduled_actor* const self_;
  std::optional<End> end_;
};

/// What the response to a request of `Handle` with `Ts...` consists of: what is asked for, or what a typed handle promises.
template <class Asked, class Promised>
struct response_types {
  using type = Asked;
};

template <class... Ts>
struct response_types<caf::detail::type_list<>, caf::detail::type_list<Ts...>> {
  using type = caf::detail::type_list<Ts...>;
};

template <>
struct response_types<caf::detail::type_list<>, caf::detail::type_list<void>> {
  using type = caf::detail::type_list<>;
};

template <class Waiting, class... Ts>
struct on_response {
  std::shared_ptr<Waiting> waiting;

  void operator()(Ts&... values) {
    waiting->succeed(values...);
  }
};

/// @param send sends a request and returns CAF's handle for the response.
template <class Self, class Send, class... Ts>
auto await_response(Self* self, Send send, caf::detail::type_list<Ts...>) {
  auto begin = [self, send = std::move(send)](auto end) mutable {
    using waiting_type = awaited_values<decltype(end), Ts...>;
    auto waiting = std::make_shared<waiting_type>(self, std::move(end));
    auto response = send();
    waiting->on_cancellation([self, weak = std::weak_ptr{waiting}, id = response.id(),
                              timeout = response.policy().pending_timeouts()]() mutable {
      auto found = weak.lock();
      if (found) {
        timeout.dispose();
        runtime::forget_response(*self, id);
      }
      return found;
    });
    response.then(on_response<waiting_type, Ts...>{waiting},
                  [waiting](caf::error& reason) { waiting->fail(std::move(reason)); });
  };
  return operation<typename joined<Ts...>::type, decltype(begin)>{std::move(begin)};
}

template <class End, class... Ts>
class awaited_message final : public message_waiter {
public:
  awaited_message(caf::scheduled_actor* self, End end) : values(self, std::move(end)) {
    // nop
  }

  void resume(caf::message content) override {
    unpack(content, std::index_sequence_for<Ts...>{});
  }

  awaited_values<End, Ts...> values;

private:
  template <size_t... Is>
  void unpack(caf::message& content, std::index_sequence<Is...>) {
    values.succeed(content.get_mutable_as<Ts>(Is)...);
  }
};

template <class... Ts>
auto await_message(caf::scheduled_actor* self) {
  auto begin = [self](auto end) {
    auto waiting = std::make_shared<awaited_message<decltype(end), Ts...>>(self, std::move(end));
    auto scope = coroutine_scope::of(self);
    waiting->values.on_cancellation([scope = std::weak_ptr{scope}, weak = std::weak_ptr{waiting}] {
      auto all = scope.lock();
      auto found = weak.lock();
      auto values = found && all && all->forget(*found) ? &found->values : nullptr;
      return std::shared_ptr<awaited_values<decltype(end), Ts...>>{std::move(found), values};
    });
    scope->wait_for(caf::make_type_id_list<Ts...>(), std::move(waiting));
  };
  return operation<typename joined<Ts...>::type, decltype(begin)>{std::move(begin)};
}

/// What stands in front of a base that refers to it.
template <class T>
struct kept {
  T value;
};

template <class T>
auto await_future(future<T> what) {
  auto begin = [what = std::move(what)](auto end) {
    auto executor = boost::asio::prefer(boost::asio::get_associated_executor(end.handler),
                                        boost::asio::execution::outstanding_work.tracked);
    auto slot = boost::asio::get_associated_cancellation_slot(end.handler);
    if (slot.is_connected())
      slot.assign([weak = std::weak_ptr{what.state()}](boost::asio::cancellation_type) {
        if (auto state = weak.lock())
          state->cancel();
      });
    what.on_done([executor, waiting = std::make_shared<decltype(end)>(std::move(end))](const caf::expected<T>& result) {
      boost::asio::post(executor, [waiting, result] { (*waiting)(result); });
    });
  };
  return operation<T, decltype(begin)>{std::move(begin)};
}

} // namespace detail

template <class T>
template <class CompletionToken>
  requires(!std::is_pointer_v<std::remove_cvref_t<CompletionToken>>)
auto future<T>::operator()(CompletionToken&& token) const {
  return detail::await_future(*this)(std::forward<CompletionToken>(token));
}

/// The same for a future.
/// @param what not empty.
template <class T>
auto as_expected(future<T> what) {
  return as_expected(detail::await_future(std::move(what)));
}

} // namespace bulkhead

namespace boost::asio::detail {

// Asio awaits operations that are temporaries. A future may have a name, because it is copied. Only for our executor and type, as the
// one in awaitable.hpp.
template <class Signature, class T>
class awaitable_async_op<Signature, bulkhead::future<T>, bulkhead::actor_executor>
  : bulkhead::detail::kept<decltype(bulkhead::detail::await_future(bulkhead::future<T>{}))>,
    public awaitable_async_op<Signature, decltype(bulkhead::detail::await_future(bulkhead::future<T>{})),
                              bulkhead::actor_executor> {
  using operation = decltype(bulkhead::detail::await_future(bulkhead::future<T>{}));
  using kept = bulkhead::detail::kept<operation>;
  using base = awaitable_async_op<Signature, operation, bulkhead::actor_executor>;

public:
  awaitable_async_op(bulkhead::future<T> what, awaitable_frame_base<bulkhead::actor_executor>* frame)
    : kept{bulkhead::detail::await_future(std::move(what))}, base(std::move(kept::value), frame) {
    // nop
  }
};

} // namespace boost::asio::detail
