#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>

namespace bulkhead::runtime {

/// Time as it passes for a process that plans when it looks at the clock. What a look is late does not count: then the process did not run,
/// because it was stopped (SIGSTOP, Ctrl-Z), frozen (a control group, `docker pause`), or got no processor.
///
/// A value; one thread at a time.
class running_time {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  /// The next look comes at `when`, or before.
  void plan(time_point when) noexcept {
    planned_ = when;
  }

  /// This is a look.
  /// @returns `now` without all the time that did not count.
  time_point look(time_point now) noexcept {
    lost_before_ = lost_;
    planned_before_ = planned_;
    if (now > planned_)
      lost_ += now - planned_;
    planned_ = time_point::max();
    return now - lost_;
  }

  /// The time of what happened between the last look and the one before it.
  [[nodiscard]] time_point at(time_point when) const noexcept {
    return std::min(when, planned_before_) - lost_before_;
  }

  /// How much did not count so far.
  [[nodiscard]] duration lost() const noexcept {
    return lost_;
  }

private:
  time_point planned_ = time_point::max();
  duration lost_{0};
  time_point planned_before_ = time_point::max();
  duration lost_before_{0};
};

/// A timer for limits: it counts the time in which this process runs, see `running_time`. A pause costs the limit an eighth of its time at
/// most, and a second at most.
///
/// Thread safety: the thread that runs the context. Lifetime: may be destroyed while it waits.
class limit_timer {
public:
  using callback = std::function<void()>;

  explicit limit_timer(boost::asio::io_context& context);
  ~limit_timer();
  limit_timer(const limit_timer&) = delete;
  limit_timer& operator=(const limit_timer&) = delete;

  /// Calls `what` once, after `time`. What it was to call before is forgotten.
  void start(std::chrono::steady_clock::duration time, callback what);

  /// It calls nothing any more.
  void cancel() noexcept;

private:
  struct state;

  std::shared_ptr<state> state_;
};

} // namespace bulkhead::runtime
