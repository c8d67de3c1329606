#pragma once

#include "bulkhead/runtime/caf_timeout.hpp"

#include <caf/action.hpp>
#include <caf/actor_clock.hpp>

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace bulkhead::runtime {

/// CAF's clock for timeouts and delayed messages, driven by the keeper's thread instead of one of its own.
///
/// CAF 0.18.7 keeps cancelled timeouts, with all that they hold, until they are due; here they are thrown out when they
/// make up half of the table. The thread is woken only for a deadline that is earlier than the one it waits for, so a
/// stream of requests with timeouts costs no wake-ups.
///
/// Thread safety: `schedule_periodically` from any thread, never blocks; `run_due` from the keeper's thread.
class caf_clock final : public caf::actor_clock {
public:
  using timed_out = std::vector<timed_out_request>;

  /// @param wake_at makes the keeper call `run_due` at that time or earlier; called without locks.
  /// @param on_timed_out gets the requests that nobody waits for any more, by `run_due`, at the end.
  caf_clock(std::function<void(time_point)> wake_at, std::function<void(const timed_out&)> on_timed_out);

  caf::disposable schedule_periodically(time_point first_run, caf::action what, duration_type period) override;

  /// Runs what is due and returns when it wants to be called again; `time_point::max()` if never.
  time_point run_due(time_point now);

  /// Drops everything that is scheduled.
  void clear();

private:
  struct entry {
    time_point due;
    uint64_t number;
    caf::action what;
    duration_type period;
  };

  static bool later(const entry& x, const entry& y) noexcept {
    return x.due != y.due ? x.due > y.due : x.number > y.number;
  }

  void push(entry what);
  std::vector<entry> take_disposed();

  static constexpr size_t purge_min = 128;

  const std::function<void(time_point)> wake_at_;
  const std::function<void(const timed_out&)> on_timed_out_;
  const caf_timeouts timeouts_;
  std::mutex mutex_;
  std::vector<entry> heap_;
  size_t purge_at_ = purge_min;
  uint64_t next_number_ = 0;
  time_point next_wake_ = time_point::max();
};

} // namespace bulkhead::runtime
