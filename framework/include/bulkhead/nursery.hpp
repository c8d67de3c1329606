#pragma once

// How a coroutine waits for several others. For Bulkhead itself; users include <bulkhead/coroutine.hpp>.

#include "bulkhead/coroutine_scope.hpp"
#include "bulkhead/future.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace bulkhead {

namespace detail {

/// Coroutines that one other waits for.
class nursery : public std::enable_shared_from_this<nursery> {
public:
  explicit nursery(actor_executor executor) : executor_(std::move(executor)) {
    // nop
  }

  /// Begins `what`. @param end called with the exception or the value, unless the actor has ended.
  template <class T, class End>
  void add(awaitable<T> what, End end) {
    ++count_;
    auto self = begin_coroutine(executor_, running_, std::move(what), member<End>{shared_from_this(), std::move(end)});
    if (cancelled_)
      self->cancellation.emit(boost::asio::cancellation_type::all);
  }

  /// Cancels all, also those that are added later. Again it does nothing: each failing member cancels the others.
  void cancel() {
    if (!std::exchange(cancelled_, true))
      running_.cancel();
  }

  /// Keeps the first error.
  void fail(std::exception_ptr reason) {
    if (!failed_)
      failed_ = std::move(reason);
  }

  /// @throws the first error.
  void rethrow() const {
    if (failed_)
      std::rethrow_exception(failed_);
  }

  /// The operation that ends when all have. If it is cancelled, so are they, and it still waits for them.
  class end_of_all {
  public:
    explicit end_of_all(std::shared_ptr<nursery> what) : what_(std::move(what)) {
      // nop
    }

    template <boost::asio::completion_token_for<void()> CompletionToken>
    auto operator()(CompletionToken&& token) && {
      auto initiate = [](auto handler, std::shared_ptr<nursery> what) { what->wait(std::move(handler)); };
      return boost::asio::async_initiate<CompletionToken, void()>(std::move(initiate), token, std::move(what_));
    }

  private:
    std::shared_ptr<nursery> what_;
  };

  [[nodiscard]] end_of_all end() {
    return end_of_all{shared_from_this()};
  }

private:
  template <class End>
  class member {
  public:
    member(std::shared_ptr<nursery> owner, End end) : owner_(std::move(owner)), end_(std::move(end)) {
      // nop
    }

    member(member&& other) noexcept = default;

    ~member() {
      if (owner_)
        owner_->lose_one();
    }

    template <class T>
    void operator()(std::exception_ptr failed, T value) {
      end_(std::move(failed), std::move(value));
      std::exchange(owner_, nullptr)->end_one();
    }

  private:
    std::shared_ptr<nursery> owner_;
    End end_;
  };

  template <class Handler>
  void wait(Handler handler) {
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected())
      slot.assign([weak = weak_from_this()](boost::asio::cancellation_type) {
        if (auto self = weak.lock())
          self->cancel();
      });
    if (count_ == 0)
      boost::asio::post(executor_, std::move(handler));
    else
      waiting_.emplace([handler = std::move(handler)]() mutable { std::move(handler)(); });
  }

  void end_one() {
    if (--count_ == 0 && waiting_) {
      auto ready = std::move(*waiting_);
      waiting_.reset();
      ready();
    }
  }

  /// The actor has ended. Who waits keeps this alive, so it goes with the last one that is waited for.
  void lose_one() {
    if (--count_ == 0)
      auto gone = std::exchange(waiting_, std::nullopt);
  }

  const actor_executor executor_;
  running_list running_;
  size_t count_ = 0;
  bool cancelled_ = false;
  std::exception_ptr failed_;
  std::optional<io_work> waiting_;
};

/// Adds members to `all` by calling `start`, and ends when they have ended, whatever they and `start` do. An exception of `start` fails
/// and cancels them.
///
/// Asio throws at an await if the coroutine was cancelled before. A member can cancel its caller before its own first wait, so this
/// turns that off until all have ended: they write into the caller's frame.
template <class Start>
awaitable<> run_members(nursery& all, Start& start) {
  namespace this_coro = boost::asio::this_coro;
  const bool throws = co_await this_coro::throw_if_cancelled();
  const boost::asio::cancellation_state state = co_await this_coro::cancellation_state;
  const auto before = state.cancelled();
  co_await this_coro::throw_if_cancelled(false);
  try {
    start();
  } catch (...) {
    all.fail(std::current_exception());
    all.cancel();
  }
  // A caller that cleans up after its cancellation has turned the exceptions off itself, and may wait for members.
  const auto none = boost::asio::cancellation_type::none;
  if (state.cancelled() != none && (throws || before == none))
    all.cancel();
  co_await all.end();
  co_await this_coro::throw_if_cancelled(throws);
}

/// The end of a member whose error cancels all others.
template <class T>
auto fails_all(nursery& all, std::optional<value_of<T>>& into) {
  return [&all, &into](std::exception_ptr failed, value_of<T> value) {
    if (!failed) {
      into.emplace(std::move(value));
    } else {
      all.fail(std::move(failed));
      all.cancel();
    }
  };
}

} // namespace detail

/// An operation or a future as an awaitable, for what takes those.
template <class T, class Begin>
awaitable<T> to_awaitable(operation<T, Begin> what) {
  co_return co_await std::move(what);
}

template <class T>
awaitable<T> to_awaitable(future<T> what) {
  co_return co_await std::move(what);
}

template <class T>
awaitable<T> to_awaitable(awaitable<T> what) {
  return what;
}

namespace detail {

template <class T>
struct is_ours : std::false_type {};

template <class T, class Begin>
struct is_ours<operation<T, Begin>> : std::true_type {};

template <class T>
struct is_ours<future<T>> : std::true_type {};

template <class T>
struct is_awaitable : std::false_type {};

template <class T>
struct is_awaitable<awaitable<T>> : std::true_type {};

template <class T>
concept awaited = is_ours<std::remove_cvref_t<T>>::value || is_awaitable<std::remove_cvref_t<T>>::value;

/// Both can be awaited, and one is a type of Bulkhead's, so that its operators belong to us.
template <class X, class Y>
concept awaits_ours = (is_ours<std::remove_cvref_t<X>>::value || is_ours<std::remove_cvref_t<Y>>::value)
                      && awaited<X>&& awaited<Y>;

/// One can be awaited, and the other is an operation of Asio that lacks the token to be combined with it.
template <class X, class Y>
concept lacks_token = (awaited<X> && boost::asio::is_async_operation<std::remove_cvref_t<Y>>::value && !awaited<Y>)
                      || (awaited<Y> && boost::asio::is_async_operation<std::remove_cvref_t<X>>::value && !awaited<X>);

/// Explains with one sentence what can be limited or be in a group; true if `T` can.
template <class T>
consteval bool check_awaited() {
  static_assert(
    awaited<T>,
    "this takes a coroutine, a future or a request: call the function that is a coroutine, and give operations of "
    "Asio the token bulkhead::use_awaitable");
  return awaited<T>;
}

/// Explains why `X` and `Y` cannot be combined, and lets the compiler go on.
template <class X, class Y>
awaitable<> refuse() {
  (void) check_awaited<X>();
  (void) check_awaited<Y>();
  return {};
}

/// Explains with one sentence what can be begun as a coroutine of its own.
template <class T>
consteval bool check_coroutine() {
  static_assert(is_awaitable<std::remove_cvref_t<T>>::value,
                "this takes what a coroutine returns: call the function, and make a coroutine of a future or a request "
                "with to_awaitable");
  return is_awaitable<std::remove_cvref_t<T>>::value;
}

} // namespace detail

} // namespace bulkhead
