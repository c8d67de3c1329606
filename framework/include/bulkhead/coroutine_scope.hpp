#pragma once

// How the coroutines of an actor are kept. For Bulkhead itself; users include <bulkhead/coroutine.hpp>.

#include "bulkhead/awaitable.hpp"

#include <caf/message.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/type_id_list.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace bulkhead::detail {

/// A coroutine that was begun and has not ended. It belongs to the coroutine's completion handler, and goes with the frames.
class running : public std::enable_shared_from_this<running>,
                public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
  boost::asio::cancellation_signal cancellation;
};

/// Coroutines that are cancelled together. Used in the actor only, or under `io_binding::ending`.
class running_list {
public:
  void add(running& one) {
    all_.push_back(one);
  }

  [[nodiscard]] bool empty() const noexcept {
    return all_.empty();
  }

  /// Cancels what each of them awaits. They end later, or not at all if their actor has ended.
  void cancel();

private:
  boost::intrusive::list<running, boost::intrusive::constant_time_size<false>> all_;
};

/// What Asio calls when a coroutine has ended.
///
/// @tparam End called with the exception, or null and the value. Destroyed without a call if the actor has ended.
template <class T, class End>
class completion {
public:
  using cancellation_slot_type = boost::asio::cancellation_slot;

  completion(std::shared_ptr<running> self, End end) : self_(std::move(self)), end_(std::move(end)) {
    // nop
  }

  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
    return self_->cancellation.slot();
  }

  template <class... Ts>
  void operator()(std::exception_ptr failed, Ts... value) {
    self_->unlink();
    std::move(end_)(std::move(failed), value_of<T>(std::move(value)...));
  }

private:
  std::shared_ptr<running> self_;
  End end_;
};

/// Ends as `what` does. Asio awaits once more after a coroutine that never waited, and its completion handler is lost if that throws
/// because the coroutine was cancelled.
template <class T>
awaitable<T> keep_end(awaitable<T> what) {
  std::exception_ptr failed;
  std::optional<value_of<T>> result;
  try {
    if constexpr (std::is_void_v<T>)
      co_await std::move(what);
    else
      result.emplace(co_await std::move(what));
  } catch (...) {
    failed = std::current_exception();
  }
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  if (failed)
    std::rethrow_exception(failed);
  if constexpr (!std::is_void_v<T>)
    co_return std::move(*result);
}

/// Begins `what` at once, as a part of the calling handler or coroutine, up to where it first waits.
template <class T, class End>
std::shared_ptr<running> begin_coroutine(const actor_executor& executor, running_list& owner, awaitable<T> what,
                                         End end) {
  auto self = std::make_shared<running>();
  owner.add(*self);
  // A coroutine that waits for a message must not keep its actor alive; what else it waits for does that by itself.
  actor_turn uncounted{executor.binding().actor.get(), actor_turn::work::uncounted};
  boost::asio::co_spawn(executor, keep_end(std::move(what)), completion<T, End>{self, std::move(end)});
  return self;
}

/// A coroutine that waits for a message.
class message_waiter {
public:
  virtual ~message_waiter();
  virtual void resume(caf::message content) = 0;
};

/// All coroutines of an actor that no other one awaits. Made with the first one, and ended with the actor.
class coroutine_scope : public std::enable_shared_from_this<coroutine_scope> {
public:
  /// @throws std::logic_error as `io`.
  static std::shared_ptr<coroutine_scope> of(caf::scheduled_actor* self);

  explicit coroutine_scope(caf::scheduled_actor* self);

  [[nodiscard]] const actor_executor& executor() const noexcept {
    return executor_;
  }

  template <class T, class End>
  std::shared_ptr<running> begin_root(awaitable<T> what, End end) {
    keep_going();
    auto root = [scope = shared_from_this(), end = std::move(end)](std::exception_ptr failed,
                                                                   value_of<T> value) mutable {
      std::move(end)(std::move(failed), std::move(value));
      scope->let_go();
    };
    return begin_coroutine(executor_, roots_, std::move(what), std::move(root));
  }

  /// What nobody awaited has ended, with an exception perhaps.
  void ended(const std::exception_ptr& failed);

  /// Makes `who` get the next message of these types that the behavior does not handle. Destroys it if the actor has ended.
  void wait_for(caf::type_id_list types, std::shared_ptr<message_waiter> who);

  /// @returns whether it waited still.
  bool forget(const message_waiter& who);

  /// The actor has ended.
  void end();

private:
  struct inbox {
    caf::type_id_list types;
    std::list<std::shared_ptr<message_waiter>> waiting;
  };

  void keep_going();
  void let_go();
  caf::skippable_result offer(caf::message& content);
  void offer_messages();

  caf::scheduled_actor* const self_;
  const actor_executor executor_;
  running_list roots_;
  /// Keeps an actor without a behavior until its last coroutine has ended: CAF takes it for an open request.
  std::optional<caf::message_id> going_on_;
  std::list<inbox> inboxes_;
  caf::scheduled_actor::default_handler unhandled_;
  bool ended_ = false;
};

} // namespace bulkhead::detail
