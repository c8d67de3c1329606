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
  thawed_.notify_all();
}

// The host thaws what it has frozen, or kills the process.
void caf_scheduler::enter(const std::function<void()>& what) {
  std::unique_lock guard{freezing_};
  thawed_.wait(guard, [this] { return !frozen_; });
  what();
}

bool caf_scheduler::runnable(const worker& self) const noexcept {
  return !frozen_ && (!self.local.empty() || queued_ > 0);
}

} // namespace bulkhead::runtime
