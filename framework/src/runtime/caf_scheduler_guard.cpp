// Who else runs what one thread has found: another one with nothing to do, or anyone when the thread hangs in a handler; and the guard,
// which sees to it that somebody polls.

#include "bulkhead/runtime/caf_scheduler_io.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// From this many runnable actors on the poller shares them with another thread.
constexpr size_t surplus_min = 16;

} // namespace

caf_scheduler::worker::job_list caf_scheduler::worker::take_half() {
  std::lock_guard guard{mutex_};
  auto middle = local_.end() - static_cast<std::ptrdiff_t>(local_.size() / 2);
  job_list result{middle, local_.end()};
  local_.erase(middle, local_.end());
  waiting_ = local_.size();
  return result;
}

caf_scheduler::worker::job_list caf_scheduler::worker::take_all() {
  std::lock_guard guard{mutex_};
  waiting_ = 0;
  return std::exchange(local_, {});
}

caf_scheduler::worker::job_list caf_scheduler::worker::take_from_stuck() {
  std::lock_guard guard{mutex_};
  if (std::exchange(begun_at_last_look_, begun_) != begun_)
    return {};
  waiting_ = 0;
  return std::exchange(local_, {});
}

void caf_scheduler::share(const std::deque<caf::resumable*>& jobs) {
  std::lock_guard guard{mutex_};
  queue_.insert(queue_.end(), jobs.begin(), jobs.end());
  queued_ = queue_.size();
}

// With a core to spare another thread can run what was found while this one goes on polling.
void caf_scheduler::share_surplus(worker& self) {
  if (self.waiting() < surplus_min || following_ == 0 || awake_loops() >= cores_)
    return;
  share(self.take_half());
  std::lock_guard guard{mutex_};
  followers_wake_.notify_one();
}

// A handler may run for long, or for ever; those that wait behind it have nothing to do with it.
void caf_scheduler::relieve_stuck() {
  std::deque<caf::resumable*> jobs;
  {
    std::lock_guard guard{workers_mutex_};
    for (auto x : workers_) {
      auto more = x->take_from_stuck();
      jobs.insert(jobs.end(), more.begin(), more.end());
    }
  }
  if (jobs.empty())
    return;
  share(jobs);
  wake_one();
}

bool caf_scheduler::any_waits() {
  std::lock_guard guard{workers_mutex_};
  return std::any_of(workers_.begin(), workers_.end(), [](auto x) { return x->waiting() > 0; });
}

// When the poller has gone to run an actor and comes back soon, waking a follower would only cost. When it does not, the
// guard does. It ticks while actors run, and not when the process is idle; the less it is needed, the more seldom.
void caf_scheduler::start_guard() {
  if (!router_->is_host() || guarded_ || guarded_.exchange(true))
    return;
  keeper_->post([this] {
    io_->guard_quiet_ticks = 0;
    io_->guard_period = guard_period_min;
    guard_tick();
  });
}

void caf_scheduler::guard_tick() {
  relieve_stuck();
  auto turns = polling_.count();
  auto stuck = !polling_.taken() && turns == io_->guard_seen_turns;
  io_->guard_seen_turns = turns;
  io_->guard_period = stuck ? guard_period_min : std::min(2 * io_->guard_period, guard_period_max);
  if (stuck && following_ > 0) {
    std::lock_guard guard{mutex_};
    take_over_ = true;
    followers_wake_.notify_one();
  } else if (stuck && polling_.try_take()) {
    // Nobody is left to poll, be it that all threads run actors or wait for something that only a poll can bring.
    refresh();
    (void) poll_links(router_->context());
    (void) run_io();
    polling_.give_back();
  }
  io_->guard_quiet_ticks = parked_ ? io_->guard_quiet_ticks + 1 : 0;
  if (io_->guard_quiet_ticks >= guard_quiet_ticks_max) {
    guarded_ = false;
    // Whoever found it awake just now counts on it.
    if (!parked_ || any_waits())
      start_guard();
    return;
  }
  io_->tick_later([this] { guard_tick(); });
}

} // namespace bulkhead::runtime
