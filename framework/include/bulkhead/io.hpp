#pragma once

#include <caf/actor_control_block.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/fwd.hpp>

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace bulkhead {

namespace detail {

/// What the copies of an actor's executor share.
struct io_binding {
  caf::weak_actor_ptr actor;
  boost::asio::io_context* context;
};

/// A move-only function without arguments: completion handlers may own sockets.
class io_work {
public:
  template <class F>
    requires(!std::is_same_v<std::decay_t<F>, io_work>)
  explicit io_work(F&& fun) : impl_(std::make_unique<model<std::decay_t<F>>>(std::forward<F>(fun))) {
    // nop
  }

  void operator()() {
    std::move(impl_)->run();
  }

private:
  struct base {
    virtual ~base() = default;
    virtual void run() = 0;
  };

  template <class F>
  struct model final : base {
    explicit model(F&& f) : fun(std::move(f)) {
      // nop
    }
    explicit model(const F& f) : fun(f) {
      // nop
    }
    void run() override {
      std::move(fun)();
    }
    F fun;
  };

  std::unique_ptr<base> impl_;
};

/// Makes `work` a message of `actor`; destroys it if the actor has ended.
void run_in_actor(const caf::weak_actor_ptr& actor, io_work work);

boost::asio::io_context& io_of(caf::actor_system& system);

} // namespace detail

/// An Asio executor that belongs to an event-based actor. What it runs is a message of that actor: never at the same time
/// as one of the actor's handlers, and never after the actor has ended; then it is destroyed without being run.
///
/// Sockets, timers, descriptors, resolvers and signal sets made with it do their waiting on the scheduler's own threads; no
/// thread and no wake-up is spent on an operation that is not ready. Works in the host and in workers alike.
///
/// An operation that is under way keeps its actor alive, as a message in its mailbox does; an idle socket does not. An
/// actor without a behavior ends all the same when its function returns, as always in CAF: return at least one handler. When
/// the actor ends, its state goes and with it the sockets in there, which cancels what is pending on them; declare buffers
/// before the socket that reads into them, so that they outlive it. What is shared with handlers instead can be bound to
/// the actor's life with `close_at_end`.
///
/// Thread safety: as a value. Lifetime: the actor system must outlive all copies.
class actor_executor {
public:
  actor_executor(std::shared_ptr<const detail::io_binding> binding, caf::strong_actor_ptr keeps_alive) noexcept
    : binding_(std::move(binding)), keeps_alive_(std::move(keeps_alive)) {
    // nop
  }

  actor_executor(const actor_executor& other) noexcept = default;
  actor_executor(actor_executor&& other) noexcept = default;
  actor_executor& operator=(const actor_executor& other) noexcept = default;
  actor_executor& operator=(actor_executor&& other) noexcept = default;

  /// Runs `fun` as a message of the actor.
  template <class F>
  void execute(F&& fun) const {
    detail::run_in_actor(binding_->actor, detail::io_work{std::forward<F>(fun)});
  }

  [[nodiscard]] boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
    return *binding_->context;
  }

  [[nodiscard]] static constexpr boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) noexcept {
    return boost::asio::execution::blocking.never;
  }

  [[nodiscard]] boost::asio::execution::outstanding_work_t
  query(boost::asio::execution::outstanding_work_t) const noexcept {
    using boost::asio::execution::outstanding_work;
    return keeps_alive_ ? boost::asio::execution::outstanding_work_t{outstanding_work.tracked}
                        : boost::asio::execution::outstanding_work_t{outstanding_work.untracked};
  }

  /// The variant that Asio keeps with a pending operation.
  [[nodiscard]] actor_executor require(boost::asio::execution::outstanding_work_t::tracked_t) const noexcept {
    return {binding_, binding_->actor.lock()};
  }

  [[nodiscard]] actor_executor require(boost::asio::execution::outstanding_work_t::untracked_t) const noexcept {
    return {binding_, nullptr};
  }

  friend bool operator==(const actor_executor& x, const actor_executor& y) noexcept {
    return x.binding_ == y.binding_ && x.keeps_alive_ == y.keeps_alive_;
  }

  friend bool operator!=(const actor_executor& x, const actor_executor& y) noexcept {
    return !(x == y);
  }

private:
  std::shared_ptr<const detail::io_binding> binding_;
  caf::strong_actor_ptr keeps_alive_;
};

static_assert(boost::asio::execution::is_executor_v<actor_executor>);

/// The executor of `self`, an event-based actor. Call it in the actor and keep the result: each call makes a new identity.
/// @throws std::logic_error if neither the module `bulkhead::host` is loaded nor this is a worker.
actor_executor io(caf::event_based_actor* self);

/// Closes `object` (a socket, acceptor or descriptor) or cancels it (a timer, a resolver) when `self` ends, so that
/// nothing stays pending that only handlers refer to.
template <class T>
void close_at_end(caf::event_based_actor* self, const std::shared_ptr<T>& object) {
  self->attach_functor([weak = std::weak_ptr<T>{object}] {
    auto strong = weak.lock();
    if (!strong)
      return;
    if constexpr (requires(boost::system::error_code& failed) { strong->close(failed); }) {
      boost::system::error_code ignored;
      strong->close(ignored);
    } else {
      strong->cancel();
    }
  });
}

} // namespace bulkhead
