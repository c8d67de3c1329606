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

/// Adds up what members have left, for those who asked.
struct drain_sum {
  size_t members;
  size_t left;
  std::vector<std::function<void(size_t left)>> told;
};

} // namespace

void actor_pool::drain(supervision::time_point until, std::function<void(size_t left)> done) {
  {
    std::lock_guard guard{mutex_};
    draining_ = true;
  }
  host_.the_keeper().post([self = shared_from_this(), until, done = std::move(done)]() mutable {
    if (self->over_ || !self->drain_timer_) {
      done(0);
      return;
    }
    self->drained_.push_back(std::move(done));
    self->drain_until_ = until;
    self->drain_time_ = {};
    self->look_at_drain();
  });
}

void actor_pool::look_at_drain() {
  std::unique_lock guard{mutex_};
  auto waiting = waiting_;
  std::vector<std::shared_ptr<supervised_slot>> slots;
  for (auto& x : members_)
    slots.push_back(x->slot);
  guard.unlock();
  if (over_ || !drain_timer_)
    return; // its end tells
  auto at = std::chrono::steady_clock::now();
  if (waiting > 0 && drain_time_.look(at) < drain_until_) {
    auto next = std::min(platform::saturating_sum(drain_until_, drain_time_.lost()), at + queue_period);
    drain_time_.plan(next);
    drain_timer_->expires_at(next);
    drain_timer_->async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled)
        self->look_at_drain();
    });
    return;
  }
  // Whatever the members have is theirs; each tells when it has none, and all of them on this thread.
  auto sum = std::make_shared<drain_sum>(drain_sum{slots.size(), waiting, std::exchange(drained_, {})});
  auto until = platform::saturating_sum(drain_until_, drain_time_.lost());
  auto end = [self = shared_from_this(), sum] {
    self->finish(caf::make_error(caf::exit_reason::user_shutdown));
    for (auto& told : sum->told)
      told(sum->left);
  };
  for (auto& x : slots)
    x->drain(until, [sum, end](size_t left) {
      sum->left += left;
      if (--sum->members == 0)
        end();
    });
  if (slots.empty())
    end();
}

} // namespace bulkhead::runtime
