// A worker that stands still between two handlers, so that its host can see exactly how far it has come.

#include "bulkhead/runtime/caf_scheduler_io.hpp"

namespace bulkhead::runtime {

void caf_scheduler::freeze() {
  std::lock_guard guard{freezing_};
  frozen_ = true;
}

void caf_scheduler::thaw() {
  std::lock_guard guard{freezing_};
  frozen_ = false;
  errand_.reset();
  thawed_.notify_all();
}

void caf_scheduler::run_between(caf::actor_id who, std::function<void()> what) {
  std::lock_guard guard{freezing_};
  if (!frozen_)
    return;
  errand_ = {who, std::move(what)};
  thawed_.notify_all();
}

// The host thaws what it has frozen, or kills the process.
void caf_scheduler::enter(caf::actor_id who, const std::function<void()>& what) {
  std::unique_lock guard{freezing_};
  auto is_asked = [&] { return errand_ && errand_->who == who; };
  thawed_.wait(guard, [&] { return !frozen_ || is_asked(); });
  while (is_asked()) {
    auto between = std::move(errand_->what);
    errand_.reset();
    guard.unlock();
    between();
    guard.lock();
    thawed_.wait(guard, [&] { return !frozen_ || is_asked(); });
  }
  what();
}

bool caf_scheduler::runnable(const worker& self) const noexcept {
  return !frozen_ && (self.waiting() > 0 || queued_ > 0);
}

} // namespace bulkhead::runtime
