#pragma once

#include <caf/actor_control_block.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/fwd.hpp>
#include <caf/scheduled_actor.hpp>

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

namespace bulkhead {

namespace detail {

/// What the copies of an actor's executor share.
struct io_binding {
  caf::weak_actor_ptr actor;
  boost::asio::io_context* context;
  /// Held while what the actor does not run any more is destroyed, on whatever thread, and while its end cancels what waits:
  /// a cancellation must not meet a socket that goes at the same moment.
  mutable std::recursive_mutex ending;
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

/// Makes `work` a message of the actor; destroys it if the actor has ended.
void run_in_actor(std::shared_ptr<const io_binding> binding, io_work work);

/// Says for as long as it exists that the calling thread runs code of an actor.
class actor_turn {
public:
  enum class work : bool {
    counted,
    /// What is begun does not keep the actor alive.
    uncounted,
  };

  explicit actor_turn(const caf::actor_control_block* actor, work begun = work::counted) noexcept;
  ~actor_turn();
  actor_turn(const actor_turn&) = delete;
  actor_turn& operator=(const actor_turn&) = delete;

  /// Whether the calling thread runs code of `actor` just now, as far as is known.
  [[nodiscard]] static bool is_of(const caf::actor_control_block* actor) noexcept;

private:
  friend caf::strong_actor_ptr keep_alive(const io_binding&) noexcept;

  static thread_local const actor_turn* current_;

  const caf::actor_control_block* actor_;
  const work begun_;
  const actor_turn* const outer_;
};

/// What keeps the actor alive while an operation is under way.
[[nodiscard]] caf::strong_actor_ptr keep_alive(const io_binding& binding) noexcept;

boost::asio::io_context& io_of(caf::actor_system& system);

/// What is closed when an actor ends, if it still exists then.
class closed_at_end {
public:
  virtual ~closed_at_end();
  [[nodiscard]] virtual bool exists() const noexcept = 0;
  virtual void close() = 0;
};

template <class T>
class closed_object final : public closed_at_end {
public:
  explicit closed_object(const std::shared_ptr<T>& object) noexcept : object_(object) {
    // nop
  }

  [[nodiscard]] bool exists() const noexcept override {
    return !object_.expired();
  }

  void close() override {
    auto strong = object_.lock();
    if (!strong)
      return;
    if constexpr (requires(boost::system::error_code & failed) { strong->close(failed); }) {
      boost::system::error_code ignored;
      strong->close(ignored);
    } else {
      strong->cancel();
    }
  }

private:
  std::weak_ptr<T> object_;
};

/// An actor that lives long opens many: those that exist no more are forgotten now and then.
void close_at_end(caf::scheduled_actor& self, std::unique_ptr<closed_at_end> what);

} // namespace detail

/// An Asio executor that belongs to an event-based actor. What it runs is a message of that actor: never at the same time
/// as one of the actor's handlers, and never after the actor has ended; then it is destroyed without being run. What is
/// dispatched, not posted, by code that it runs itself is run at once, as part of the same message.
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
  /// For Bulkhead itself; see `io`.
  /// @param binding what all copies share.
  /// @param keeps_alive the actor, while an operation is under way.
  actor_executor(std::shared_ptr<const detail::io_binding> binding, caf::strong_actor_ptr keeps_alive) noexcept
    : binding_(std::move(binding)), keeps_alive_(std::move(keeps_alive)) {
    // nop
  }

  actor_executor(const actor_executor& other) noexcept = default;
  actor_executor(actor_executor&& other) noexcept = default;
  actor_executor& operator=(const actor_executor& other) noexcept = default;
  actor_executor& operator=(actor_executor&& other) noexcept = default;

  /// Runs `fun` as a message of the actor.
  /// @param fun called once, or destroyed if the actor has ended.
  template <class F>
  void execute(F&& fun) const {
    if (may_run_at_once_ && detail::actor_turn::is_of(binding_->actor.get())) {
      detail::actor_turn counted{binding_->actor.get()};
      std::decay_t<F> copy{std::forward<F>(fun)};
      std::move(copy)();
    } else {
      detail::run_in_actor(binding_, detail::io_work{std::forward<F>(fun)});
    }
  }

  /// The context of the scheduler, as Asio asks for it.
  [[nodiscard]] boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
    return *binding_->context;
  }

  /// Whether it may run at once what it is given, as Asio asks for it.
  [[nodiscard]] boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) const noexcept {
    using boost::asio::execution::blocking;
    return may_run_at_once_ ? boost::asio::execution::blocking_t{blocking.possibly}
                            : boost::asio::execution::blocking_t{blocking.never};
  }

  /// The variant that dispatches.
  [[nodiscard]] actor_executor require(boost::asio::execution::blocking_t::possibly_t) const noexcept {
    auto result = *this;
    result.may_run_at_once_ = true;
    return result;
  }

  /// The variant that posts.
  [[nodiscard]] actor_executor require(boost::asio::execution::blocking_t::never_t) const noexcept {
    auto result = *this;
    result.may_run_at_once_ = false;
    return result;
  }

  /// Whether it keeps its actor alive, as Asio asks for it.
  [[nodiscard]] boost::asio::execution::outstanding_work_t
  query(boost::asio::execution::outstanding_work_t) const noexcept {
    using boost::asio::execution::outstanding_work;
    return keeps_alive_ ? boost::asio::execution::outstanding_work_t{outstanding_work.tracked}
                        : boost::asio::execution::outstanding_work_t{outstanding_work.untracked};
  }

  /// The variant that Asio keeps with a pending operation.
  [[nodiscard]] actor_executor require(boost::asio::execution::outstanding_work_t::tracked_t) const noexcept {
    auto result = *this;
    if (!result.keeps_alive_)
      result.keeps_alive_ = detail::keep_alive(*binding_);
    return result;
  }

  /// The variant of an idle object.
  [[nodiscard]] actor_executor require(boost::asio::execution::outstanding_work_t::untracked_t) const noexcept {
    auto result = *this;
    result.keeps_alive_ = nullptr;
    return result;
  }

  /// What its copies share.
  [[nodiscard]] const detail::io_binding& binding() const noexcept {
    return *binding_;
  }

  friend bool operator==(const actor_executor& x, const actor_executor& y) noexcept {
    return x.binding_ == y.binding_ && x.keeps_alive_ == y.keeps_alive_ && x.may_run_at_once_ == y.may_run_at_once_;
  }

  friend bool operator!=(const actor_executor& x, const actor_executor& y) noexcept {
    return !(x == y);
  }

private:
  std::shared_ptr<const detail::io_binding> binding_;
  caf::strong_actor_ptr keeps_alive_;
  bool may_run_at_once_ = true;
};

static_assert(boost::asio::execution::is_executor_v<actor_executor>);

/// The executor of `self`, an event-based actor, typed or not. Call it in the actor and keep the result: each call makes a new identity.
/// @param self from inside of it.
/// @throws std::logic_error if neither the module `bulkhead::host` is loaded nor this is a worker.
actor_executor io(caf::scheduled_actor* self);

/// Closes `object` (a socket, acceptor or descriptor) or cancels it (a timer, a resolver) when `self` ends, so that
/// nothing stays pending that only handlers refer to.
/// @param self from inside of it.
/// @param object not kept alive by this.
template <class T>
void close_at_end(caf::event_based_actor* self, const std::shared_ptr<T>& object) {
  detail::close_at_end(*self, std::make_unique<detail::closed_object<T>>(object));
}

} // namespace bulkhead
