// What the poller does: looks at mailboxes and sockets, spins, and sleeps.

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/runtime/caf_scheduler_io.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"

#include <algorithm>

namespace bulkhead::runtime {

namespace {

/// Records that are taken from one mailbox in a row.
constexpr size_t batch_records_max = 64;

/// A look at the sockets is a system call, which costs as much as dozens of looks at mailboxes.
constexpr unsigned rounds_per_io = 64;

/// How often a spinning poller looks at the clock, in rounds, and at the sockets, in nanoseconds. Far below what a wake-up costs,
/// and so rarely that a response seldom comes during the system call.
constexpr unsigned rounds_per_clock = 64;
constexpr uint64_t io_period_ns = 20'000;

} // namespace

// Looks for work until there is some, and sleeps if there is none for long.
void caf_scheduler::poll(worker& self) {
  refresh();
  auto found = poll_links(self);
  if (++self.turns_without_io >= rounds_per_io) {
    self.turns_without_io = 0;
    (void) run_io();
  }
  if (found > 0)
    sweep_due_ = true;
  if (router_->sweep_wanted())
    router_->sweep();
  if (found > 0 || runnable(self) || leaves(self))
    return;
  if (!spin(self))
    park(self);
}

// Returns whether work was found.
bool caf_scheduler::spin(worker& self) {
  using transport::wait_strategy;
  auto oversubscribed = awake_loops() > cores_;
  if (waiting_.strategy == wait_strategy::park || polled_.empty()
      || (oversubscribed && waiting_.strategy == wait_strategy::adaptive))
    return false;
  uint64_t end = 0;
  uint64_t next_io = 0;
  for (unsigned round = 1;; ++round) {
    if (poll_links(self) > 0 || runnable(self) || leaves(self)) {
      sweep_due_ = true;
      return true;
    }
    platform::cpu_relax();
    if (round % rounds_per_clock != 0)
      continue;
    auto now = platform::now_ns();
    if (end == 0) {
      end = now + spin_ns_;
      next_io = now + io_period_ns;
    }
    if (now >= next_io) {
      if (run_io())
        return true;
      next_io = now + io_period_ns;
    }
    if (now >= end && waiting_.strategy != wait_strategy::busy)
      return false;
  }
}

void caf_scheduler::park(worker& self) {
  refresh();
  if (!arm_all())
    return;
  parked_ = true;
  // Whoever queues a job after this look finds `parked_` and wakes this thread.
  if ((queued_ == 0 || frozen_) && !leaves(self)) {
    if (sweep_due_ || router_->owes_releases()) {
      // What other processes lent this one is given back once things have calmed down.
      if (io_->wait_for(sweep_delay) == 0 && links_version_ == polled_version_) {
        sweep_due_ = false;
        router_->sweep();
      }
    } else {
      io_->wait();
    }
  }
  parked_ = false;
  disarm_all();
}

size_t caf_scheduler::poll_links(caf::execution_unit& unit) {
  size_t count = 0;
  for (auto& x : polled_) {
    if (!x->try_read())
      continue;
    if (x->has_work())
      count += x->poll(unit, batch_records_max);
    x->done_reading();
  }
  return count;
}

bool caf_scheduler::arm_all() {
  for (auto& x : polled_) {
    if (!x->try_read())
      continue;
    auto sleeps = x->arm();
    x->done_reading();
    if (!sleeps) {
      disarm_all();
      return false;
    }
  }
  return true;
}

void caf_scheduler::disarm_all() {
  for (auto& x : polled_)
    if (x->try_read()) {
      x->disarm();
      x->done_reading();
    }
}

void caf_scheduler::refresh() {
  if (links_version_ == polled_version_)
    return;
  link_list dropped; // outlives the guard: closing a link takes long
  std::lock_guard guard{links_mutex_};
  dropped.swap(polled_);
  polled_ = links_;
  polled_version_ = links_version_;
}

// The host sees who sleeps, and tells its workers.
unsigned caf_scheduler::awake_loops() {
  if (!router_->is_host())
    return polled_.empty() ? 1 : polled_.front()->hint();
  unsigned count = 1;
  for (auto& x : polled_)
    count += x->closed() || x->peer_sleeps() ? 0 : 1;
  if (count != told_loops_) {
    told_loops_ = count;
    for (auto& x : polled_)
      if (!x->closed())
        x->give_hint(count);
  }
  return count;
}

} // namespace bulkhead::runtime
