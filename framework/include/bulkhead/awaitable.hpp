#pragma once

// What can be awaited in a coroutine of an actor, and how that fails. Users include <bulkhead/coroutine.hpp>.

#include "bulkhead/io.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <concepts>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>

namespace bulkhead {

/// A coroutine of an actor: a function that returns this may use `co_await` and `co_return`. It is Asio's, with the actor's executor.
///
/// It runs as part of its actor, never at the same time as a handler, and not any more when the actor has ended: then it is
/// destroyed where it is suspended. Begin one with `co_spawn`, `create_task` or `co_respond`, or await it in another one.
template <class T = void>
using awaitable = boost::asio::awaitable<T, actor_executor>;

/// Makes an awaitable of an operation of Asio, to be combined with others: `socket.async_read_some(buffer, use_awaitable) || delay(1s)`.
/// An operation that is awaited at once is cheaper with `boost::asio::deferred`.
inline constexpr boost::asio::use_awaitable_t<actor_executor> use_awaitable{};

/// What `co_await` throws for each error of CAF or Bulkhead.
class failure : public std::exception {
public:
  /// Stands for `reason`.
  /// @param reason an error of CAF or Bulkhead.
  explicit failure(caf::error reason);

  /// The error of CAF or Bulkhead.
  [[nodiscard]] const caf::error& reason() const noexcept {
    return reason_;
  }

  /// The error as text, as of `to_string`.
  [[nodiscard]] const char* what() const noexcept override {
    return text_.c_str();
  }

private:
  caf::error reason_;
  std::string text_;
};

/// The error that an exception stands for: the reason of a `failure`; `errc::cancelled` for what Asio throws when a coroutine is cancelled;
/// for all else `caf::sec::runtime_error` with its text.
/// @param what not null.
[[nodiscard]] caf::error to_error(const std::exception_ptr& what);

namespace detail {

struct unit {};

template <class T>
using value_of = std::conditional_t<std::is_void_v<T>, unit, T>;

template <class T>
struct signature_of {
  using throwing = void(std::exception_ptr, T);
};

template <>
struct signature_of<void> {
  using throwing = void(std::exception_ptr);
};

/// Tells a handler how its operation has ended, with an exception or a value.
template <class T, class Handler>
struct throwing_end {
  Handler handler;

  void operator()(caf::expected<T> result) {
    auto failed = result ? nullptr : std::make_exception_ptr(failure{std::move(result.error())});
    if constexpr (std::is_void_v<T>)
      std::move(handler)(std::move(failed));
    else if constexpr (std::is_default_constructible_v<T>)
      std::move(handler)(std::move(failed), result ? std::move(*result) : T{});
  }
};

/// The same with an expected.
template <class T, class Handler>
struct expected_end {
  Handler handler;

  void operator()(caf::expected<T> result) {
    std::move(handler)(std::move(result));
  }
};

} // namespace detail

/// An operation of Asio that begins when it is awaited. As others it takes any completion token, and it ends within the actor.
///
/// @tparam T what it gives, perhaps void.
/// @tparam Begin begins it when it is called with an object that is to be called once with a `caf::expected<T>`.
template <class T, class Begin>
class operation {
public:
  using value_type = T;

  /// Does not begin yet.
  /// @param begin kept until the operation is awaited.
  explicit operation(Begin begin) : begin_(std::move(begin)) {
    // nop
  }

  /// Begins it, as any operation of Asio; `co_await` does that.
  /// @param token says what happens at the end.
  template <boost::asio::completion_token_for<typename detail::signature_of<T>::throwing> CompletionToken>
  auto operator()(CompletionToken&& token) && {
    static_assert(
      std::is_void_v<T> || std::is_default_constructible_v<detail::value_of<T>>,
      "what is awaited gives a type without a default constructor, which Asio cannot pass on: use as_expected(...)");
    auto initiate = [](auto handler, Begin begin) {
      begin(detail::throwing_end<T, decltype(handler)>{std::move(handler)});
    };
    return boost::asio::async_initiate<CompletionToken, typename detail::signature_of<T>::throwing>(
      std::move(initiate), token, std::move(begin_));
  }

  // -- for Bulkhead -----------------------------------------------------------

  [[nodiscard]] Begin take() && {
    return std::move(begin_);
  }

private:
  Begin begin_;
};

/// The same operation, whose end is a `caf::expected<T>` instead of an exception.
template <class T, class Begin>
class expecting {
public:
  /// Does not begin yet.
  /// @param begin kept until the operation is awaited.
  explicit expecting(Begin begin) : begin_(std::move(begin)) {
    // nop
  }

  /// Begins it, as any operation of Asio; `co_await` does that.
  /// @param token says what happens at the end.
  template <boost::asio::completion_token_for<void(caf::expected<T>)> CompletionToken>
  auto operator()(CompletionToken&& token) && {
    auto initiate = [](auto handler, Begin begin) {
      begin(detail::expected_end<T, decltype(handler)>{std::move(handler)});
    };
    return boost::asio::async_initiate<CompletionToken, void(caf::expected<T>)>(std::move(initiate), token,
                                                                                std::move(begin_));
  }

private:
  Begin begin_;
};

/// What an operation gives as a value, errors too: `auto y = co_await as_expected(request<int32_t>(self, server, 1s, 7));`
/// @param what not begun yet.
template <class T, class Begin>
expecting<T, Begin> as_expected(operation<T, Begin> what) {
  return expecting<T, Begin>{std::move(what).take()};
}

/// The same for a coroutine, with all that it throws: see `to_error`.
/// @param what a coroutine that nobody awaits yet.
template <class T>
awaitable<caf::expected<T>> as_expected(awaitable<T> what) {
  std::exception_ptr failed;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(what);
      co_return caf::expected<void>{};
    } else {
      co_return co_await std::move(what);
    }
  } catch (...) {
    failed = std::current_exception();
  }
  co_return to_error(failed);
}

} // namespace bulkhead

namespace boost::asio::detail {

// Boost 1.81 cannot await an operation that ends with an exception or a value: its `resume` tests a struct instead of the
// exception in it. Only for our executor, so this cannot meet a definition of somebody else.
template <typename R, typename T>
class awaitable_async_op_handler<R(std::exception_ptr, T), bulkhead::actor_executor>
  : public awaitable_thread<bulkhead::actor_executor> {
public:
  struct result_type {
    std::exception_ptr* failed;
    T* value;
  };

  awaitable_async_op_handler(awaitable_thread<bulkhead::actor_executor>* caller, result_type& result)
    : awaitable_thread<bulkhead::actor_executor>(std::move(*caller)), result_(result) {
    // nop
  }

  void operator()(std::exception_ptr failed, T value) {
    result_ = {&failed, &value};
    this->entry_point()->top_of_stack_->attach_thread(this);
    this->entry_point()->top_of_stack_->clear_cancellation_slot();
    this->pump();
  }

  static T resume(result_type& result) {
    if (*result.failed)
      std::rethrow_exception(std::exchange(*result.failed, nullptr));
    return std::move(*result.value);
  }

private:
  result_type& result_;
};

} // namespace boost::asio::detail
