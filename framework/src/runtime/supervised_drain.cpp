// An end that waits for what was sent before.

#include "bulkhead/platform/saturating.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/runtime/worker_process.hpp"

#include <caf/exit_reason.hpp>

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// Between two looks at what is left.
constexpr std::chrono::milliseconds look_period{5};

} // namespace

void supervised_slot::drain(supervision::time_point until, drain_callback done) {
  ledger_->shut();
  host_.the_keeper().post([self = shared_from_this(), until, done = std::move(done)]() mutable {
    if (self->over_) {
      done(0);
      return;
    }
    self->drained_.push_back(std::move(done));
    self->drain_until_ = until;
    self->drain_time_ = {};
    self->look_at_drain();
  });
}

void supervised_slot::look_at_drain() {
  if (over_ || !drain_timer_)
    return; // whoever ends it tells
  auto left = ledger_->size();
  auto owes = left > 0 || (phase_ == phase::up && has_promises(*worker_));
  auto now = std::chrono::steady_clock::now();
  if (owes && drain_time_.look(now) < drain_until_) {
    auto next = std::min(platform::saturating_sum(drain_until_, drain_time_.lost()), now + look_period);
    drain_time_.plan(next);
    drain_timer_->expires_at(next);
    drain_timer_->async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled)
        self->look_at_drain();
    });
    return;
  }
  auto told = std::exchange(drained_, {});
  if (worker_)
    worker_->stop();
  finish(caf::make_error(caf::exit_reason::user_shutdown));
  for (auto& done : told)
    done(std::max<size_t>(left, owes ? 1 : 0));
}

} // namespace bulkhead::runtime
