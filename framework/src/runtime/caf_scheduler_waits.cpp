// Actors that are not resumed because they send faster than others handle.

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/runtime/caf_scheduler_io.hpp"
#include "bulkhead/runtime/link.hpp"

#include <utility>

namespace bulkhead::runtime {

namespace {

/// From when on a wait is worth to be looked at.
constexpr uint64_t long_wait_ns = 150'000'000;

} // namespace

thread_local caf_scheduler::running* caf_scheduler::running::of_thread = nullptr;

caf_scheduler::running::running(caf::resumable* job) {
  if (job->subtype() == caf::resumable::scheduled_actor)
    of_thread = this;
}

caf_scheduler::running::~running() {
  of_thread = nullptr;
}

bool caf_scheduler::runs_actor() const noexcept {
  return running::of_thread != nullptr;
}

bool caf_scheduler::may_park(uint64_t bytes, const backlog_limits& most) noexcept {
  auto now = running::of_thread;
  if (now == nullptr || now->parked.messages >= most.messages_max || now->parked.bytes >= most.bytes_max)
    return false;
  ++now->parked.messages;
  now->parked.bytes += bytes + message_overhead_bytes;
  return true;
}

void caf_scheduler::wait_for_room(const std::shared_ptr<link>& via, const flow& who) {
  if (auto now = running::of_thread; now != nullptr && !now->wanted)
    now->wanted.emplace(room_wait{via, who});
}

// The caller's reference goes to the list. Room that is made before the actor stands in the list is seen afterwards.
void caf_scheduler::suspend(caf::resumable* job, room_wait what, bool runnable) {
  auto via = what.via;
  waits_.add(job, std::move(what), runnable);
  room_made(*via);
}

void caf_scheduler::room_made(link& via) {
  if (waits_.empty())
    return;
  for (auto job : waits_.take_ready(&via))
    enqueue(job);
}

void caf_scheduler::end_waits() {
  for (auto job : waits_.take_all())
    enqueue(job);
}

// -- receivers at their limits ------------------------------------------------

void caf_scheduler::receiver_is_crowded() {
  if (checking_ || checking_.exchange(true))
    return;
  keeper_->post([this] { check_later(); });
}

void caf_scheduler::check_later() {
  io_->check_timer.expires_after(check_period);
  io_->check_timer.async_wait([this](boost::system::error_code failed) {
    if (!failed)
      check_receivers();
  });
}

void caf_scheduler::check_receivers() {
  checking_ = false;
  auto again = false;
  auto now = platform::now_ns();
  for_each_link([&](link& x) { again |= x.check_receivers(now); });
  again |= on_waiting(waits_.edges(long_wait_ns, now));
  if (again)
    receiver_is_crowded();
}

} // namespace bulkhead::runtime
