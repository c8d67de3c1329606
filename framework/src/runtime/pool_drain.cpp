// A pool that ends when all that was sent before was handled.

#include "bulkhead/platform/saturating.hpp"
#include "bulkhead/runtime/actor_pool.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"

#include <caf/exit_reason.hpp>

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// Between two looks at what waits.
constexpr std::chrono::milliseconds queue_period{5};

/// Adds up what members have left.
struct drain_sum {
  size_t members;
  size_t left;
};

} // namespace

void actor_pool::drain(supervision::time_point until, std::function<void(size_t left)> done) {
  {
    std::lock_guard guard{mutex_};
    draining_ = true;
  }
  host_.the_keeper().post(
    [self = shared_from_this(), until, done = std::move(done)] { self->look_at_drain(until, done); });
}

void actor_pool::look_at_drain(supervision::time_point until, const std::function<void(size_t left)>& done) {
  std::unique_lock guard{mutex_};
  auto waiting = waiting_;
  std::vector<std::shared_ptr<supervised_slot>> slots;
  for (auto& x : members_)
    slots.push_back(x->slot);
  guard.unlock();
  auto at = std::chrono::steady_clock::now();
  if (over_) {
    done(0);
    return;
  }
  if (waiting > 0 && drain_time_.look(at) < until) {
    auto next = std::min(platform::saturating_sum(until, drain_time_.lost()), at + queue_period);
    drain_time_.plan(next);
    drain_timer_->expires_at(next);
    drain_timer_->async_wait([self = shared_from_this(), until, done](boost::system::error_code cancelled) {
      if (cancelled)
        done(0);
      else
        self->look_at_drain(until, done);
    });
    return;
  }
  // Whatever the members have is theirs; each tells when it has none, and all of them on this thread.
  auto sum = std::make_shared<drain_sum>(drain_sum{slots.size(), waiting});
  for (auto& x : slots)
    x->drain(platform::saturating_sum(until, drain_time_.lost()), [self = shared_from_this(), sum, done](size_t left) {
      sum->left += left;
      if (--sum->members > 0)
        return;
      self->finish(caf::make_error(caf::exit_reason::user_shutdown));
      done(sum->left);
    });
}

} // namespace bulkhead::runtime
