#pragma once

#include "bulkhead/transport/type_ids.hpp"

#include <caf/error.hpp>
#include <caf/message.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace bulkhead::runtime {

/// Who can end early what an outcome waits for.
class canceller {
public:
  virtual ~canceller();

  /// @returns whether the outcome is `errc::cancelled` now; false if it is too late for that.
  virtual bool cancel() = 0;
};

/// What a future waits for: set once, by whoever comes first, and never taken back.
///
/// Thread safety: all functions from any thread. Lifetime: shared by the futures and by who sets it.
class outcome_base : public std::enable_shared_from_this<outcome_base> {
public:
  outcome_base() = default;
  virtual ~outcome_base();
  outcome_base(const outcome_base&) = delete;
  outcome_base& operator=(const outcome_base&) = delete;

  /// @returns false if it was set before.
  bool fail(caf::error reason);

  /// The same for a task of several calls: `calls_begun` of them had begun.
  bool fail(caf::error reason, uint64_t calls_begun);

  /// Sets the value from what a worker sent: an error if it is one, or is of another type than it should be.
  bool take(caf::message& content);

  /// Names a function that waits; 0 names none.
  using waiter = uint64_t;

  /// Runs `what`, which must not throw, when it is set, on the thread that sets it, or at once.
  waiter on_done(std::function<void()> what);

  /// Drops what `on_done` has returned this for, unless it runs already.
  void forget(waiter who);

  /// Runs `what` when `from` is done, unless this one is done or gone by then. This one keeps `from`, and `from` does not keep this one:
  /// `what` may refer to it by a plain pointer.
  void await(const std::shared_ptr<outcome_base>& from, std::function<void()> what);

  [[nodiscard]] bool done() const;

  /// The reason of the failure; none if there is a value. Only when it is done.
  [[nodiscard]] const caf::error& reason() const noexcept {
    return reason_;
  }

  /// Asked by `cancel`, until it is done.
  void source(std::shared_ptr<canceller> who);

  /// @returns whether it is `errc::cancelled` now. Without a source it fails with that code at once.
  bool cancel();

protected:
  /// @returns whether `content` has the right type.
  virtual bool set_value(caf::message& content) = 0;

  /// Before it fails.
  virtual void note_begun(uint64_t calls);

  /// Runs `set` unless it was set before.
  template <class F>
  bool settle(F set) {
    std::unique_lock guard{mutex_};
    if (done_)
      return false;
    set();
    finish(guard);
    return true;
  }

private:
  struct waiting {
    waiter number;
    std::function<void()> what;
  };

  struct awaited {
    std::shared_ptr<outcome_base> from;
    waiter number;
  };

  void finish(std::unique_lock<std::mutex>& guard);
  static void let_go(const std::vector<awaited>& what);

  mutable std::mutex mutex_;
  bool done_ = false;
  caf::error reason_;
  std::shared_ptr<canceller> source_;
  waiter last_waiter_ = 0;
  /// By their numbers.
  std::vector<waiting> waiting_;
  std::vector<awaited> awaited_;
};

struct nothing {};

template <class T>
using outcome_value = std::conditional_t<std::is_void_v<T>, nothing, T>;

/// An outcome of type T.
template <class T>
class outcome final : public outcome_base {
public:
  /// Moves from `value` only if it was not set before.
  bool set(outcome_value<T>&& value) {
    return settle([&] { value_.emplace(std::move(value)); });
  }

  bool set(const outcome_value<T>& value) {
    return settle([&] { value_.emplace(value); });
  }

  /// Only when it is done without a reason.
  [[nodiscard]] const outcome_value<T>& value() const& {
    return *value_;
  }

  [[nodiscard]] outcome_value<T>&& value() && {
    return std::move(*value_);
  }

private:
  bool set_value(caf::message& content) override {
    if constexpr (std::is_void_v<T>) {
      value_.emplace();
      return true;
    } else if constexpr (caf::detail::is_complete<caf::type_id<T>>) {
      if (!content.match_elements<T>())
        return false;
      value_.emplace(std::move(content.get_mutable_as<T>(0)));
      return true;
    } else {
      return false; // of a type that no worker sends
    }
  }

  std::optional<outcome_value<T>> value_;
};

} // namespace bulkhead::runtime
