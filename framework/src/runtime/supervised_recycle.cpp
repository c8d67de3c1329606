// How a process that lives is replaced: its successor is ready first.
//
//            asked          successor ready        frozen, nothing promised      its state is here
//      up ---------> preparing -----------> freezing --------------> handing over --------------> its end, as after a death
//                                            |    ^
//                             promises, or   +----+   again, for `stop_timeout` at most
//                             a detached handler

#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/spare_pool.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/runtime/worker_process.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// Between two looks at a process that has promised answers.
constexpr std::chrono::milliseconds freeze_delay_min{1};
constexpr std::chrono::milliseconds freeze_delay_max{50};

/// How often the memory of a process is looked at.
constexpr std::chrono::seconds memory_period{1};

} // namespace

void supervised_slot::recycle() {
  if (over_ || recycling_asked_.exchange(true))
    return;
  host_.the_keeper().post([self = shared_from_this()] { self->begin_recycling(); });
}

void supervised_slot::begin_recycling() {
  recycling_asked_ = true;
  if (phase_ != phase::up || recycling_ || over_ || stop_wanted_ || handle_gone_)
    return;
  recycling_ = true;
  promise_wait_ = promise_wait::none;
  freeze_delay_ = freeze_delay_min;
  worker_place waiting{number_, 0};
  auto changes = prepares_change();
  if (!successor_ && spares_ && !changes)
    successor_ = spares_->take(waiting, shared_from_this());
  if (successor_) {
    if (successor_->ready())
      worker_->freeze();
    return;
  }
  successor_ = make_process(waiting, changes ? change_->next : program_);
  if (successor_)
    successor_->start(
      [self = shared_from_this(), who = successor_](const caf::error& failed) { self->on_successor(who, failed); });
}

void supervised_slot::on_successor(const std::shared_ptr<worker_process>& who, const caf::error& failed) {
  if (successor_ != who)
    return;
  if (!failed && recycling_ && phase_ == phase::up) {
    worker_->freeze();
    return;
  }
  successor_.reset();
  if (!failed) {
    who->stop(); // the present process has died meanwhile, and another one has followed
    return;
  }
  if (over_ || !recycling_)
    return;
  auto death = certificate_of(*who);
  death.detail = "did not start: " + to_string(failed);
  // The present process goes on, and is not asked for another one at each message.
  recycling_ = false;
  if (change_ && change_->now == program_change::step::prepared) {
    refuse_program(death);
    return;
  }
  tell(supervision_incident::spares_failed, death, {});
  age_timer_->expires_after(options_.restart.within);
  age_timer_->async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled)
      self->begin_recycling();
  });
}

void supervised_slot::freeze_after(supervision::duration delay) {
  freeze_timer_->start(delay, [self = shared_from_this(), who = worker_] {
    if (self->worker_ == who && self->phase_ == phase::up)
      who->freeze();
  });
}

// What a process owes and a successor cannot give: answers that were promised, and those of other actors beside the root.
bool supervised_slot::has_promises(const worker_process& who) const {
  auto via = who.the_link();
  auto states = via->ticket_states();
  return via->requests().any([&](const open_request& x) {
    return x.target != address_ || shm::state_of(states, x.ticket) == shm::ticket_state::handled;
  });
}

void supervised_slot::on_frozen(const std::shared_ptr<worker_process>& who) {
  auto wanted = worker_ == who && phase_ == phase::up && recycling_ && !over_ && !stop_wanted_ && !handle_gone_;
  auto order = pending_exit();
  auto now = std::chrono::steady_clock::now();
  auto ends = order && now - order->when < options_.stop_timeout;
  if (!wanted || ends) {
    who->thaw();
    if (wanted)
      freeze_after(freeze_delay_max);
    return;
  }
  auto states = who->the_link()->ticket_states();
  auto runs = ledger_->any_begun([states](uint64_t ticket) { return shm::state_of(states, ticket); });
  if (!runs && (!has_promises(*who) || promise_wait_ == promise_wait::over)) {
    hand_over(who);
    return;
  }
  if (!runs && promise_wait_ == promise_wait::none) {
    // It would go on promising.
    pause();
    promise_wait_ = promise_wait::begun;
    promise_timer_->start(options_.stop_timeout, [self = shared_from_this()] {
      if (self->promise_wait_ == promise_wait::begun)
        self->promise_wait_ = promise_wait::over;
    });
  }
  who->thaw();
  freeze_after(freeze_delay_);
  freeze_delay_ = std::min<supervision::duration>(2 * freeze_delay_, freeze_delay_max);
}

// The actor has come up.
void supervised_slot::watch_age() {
  up_since_ = std::chrono::steady_clock::now();
  bytes_at_first_.reset();
  look_at_age();
}

void supervised_slot::look_at_age() {
  auto& policy = options_.recycle;
  if (phase_ != phase::up || (policy.age_max.count() == 0 && policy.growth_bytes_max == 0))
    return;
  auto bytes = policy.growth_bytes_max != 0 ? worker_->private_bytes() : std::nullopt;
  if (!bytes_at_first_)
    bytes_at_first_ = bytes;
  auto age = std::chrono::steady_clock::now() - up_since_;
  if ((policy.age_max.count() != 0 && age >= policy.age_max)
      || (bytes && *bytes > *bytes_at_first_ && *bytes - *bytes_at_first_ > policy.growth_bytes_max)) {
    begin_recycling();
    return;
  }
  auto next = policy.growth_bytes_max != 0 ? supervision::duration{memory_period} : policy.age_max - age;
  if (policy.age_max.count() != 0)
    next = std::min<supervision::duration>(next, policy.age_max - age);
  age_timer_->expires_after(next);
  age_timer_->async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled)
      self->look_at_age();
  });
}

} // namespace bulkhead::runtime
