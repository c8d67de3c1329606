#include "bulkhead/runtime/caf_clock.hpp"

#include <algorithm>
#include <iterator>

namespace bulkhead::runtime {

caf_clock::caf_clock(std::function<void(time_point)> wake_at, std::function<void(const timed_out&)> on_timed_out)
  : wake_at_(std::move(wake_at)), on_timed_out_(std::move(on_timed_out)) {
  // nop
}

caf::disposable caf_clock::schedule_periodically(time_point first_run, caf::action what, duration_type period) {
  auto result = caf::action{what}.as_disposable();
  auto wake = false;
  // Outlives the guard: an action may hold the last reference to an actor, whose end may schedule something.
  std::vector<entry> disposed;
  {
    std::lock_guard guard{mutex_};
    if (heap_.size() >= purge_at_)
      disposed = take_disposed();
    push({first_run, next_number_++, std::move(what), period});
    if (first_run < next_wake_) {
      next_wake_ = first_run;
      wake = true;
    }
  }
  if (wake)
    wake_at_(first_run);
  return result;
}

caf_clock::time_point caf_clock::run_due(time_point now) {
  timed_out requests;
  std::unique_lock guard{mutex_};
  while (!heap_.empty() && heap_.front().due <= now) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    auto job = std::move(heap_.back());
    heap_.pop_back();
    guard.unlock();
    if (!job.what.disposed()) {
      if (auto over = timeouts_.request_of(job.what))
        requests.push_back(*over);
      job.what.run();
    }
    auto again = job.period.count() > 0 && job.what.reschedule() == caf::action::transition::success;
    if (!again)
      job.what = caf::action{};
    guard.lock();
    if (again) {
      job.due = std::max(job.due + job.period, now);
      push(std::move(job));
    }
  }
  next_wake_ = heap_.empty() ? time_point::max() : heap_.front().due;
  auto result = next_wake_;
  guard.unlock();
  if (!requests.empty())
    on_timed_out_(requests);
  return result;
}

void caf_clock::clear() {
  std::vector<entry> dropped;
  std::lock_guard guard{mutex_};
  dropped.swap(heap_);
}

void caf_clock::push(entry what) {
  heap_.push_back(std::move(what));
  std::push_heap(heap_.begin(), heap_.end(), later);
}

std::vector<caf_clock::entry> caf_clock::take_disposed() {
  auto kept = std::partition(heap_.begin(), heap_.end(), [](auto& x) { return !x.what.disposed(); });
  std::vector<entry> result{std::make_move_iterator(kept), std::make_move_iterator(heap_.end())};
  heap_.erase(kept, heap_.end());
  std::make_heap(heap_.begin(), heap_.end(), later);
  purge_at_ = std::max(purge_min, 2 * heap_.size());
  return result;
}

} // namespace bulkhead::runtime
