// How a supervised actor's process ends, and whether another one follows.

#include "bulkhead/runtime/supervised_slot.hpp"

#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/slot_owner.hpp"
#include "bulkhead/runtime/spare_pool.hpp"
#include "bulkhead/runtime/worker_process.hpp"

#include <caf/exit_reason.hpp>

#include <utility>

namespace bulkhead::runtime {

using supervision::time_point;

namespace {

time_point time_now() noexcept {
  return std::chrono::steady_clock::now();
}

std::string story_of(size_t deaths, const restart_policy& policy, const std::string& last) {
  return std::to_string(deaths) + (deaths == 1 ? " death" : " deaths") + " within "
         + std::to_string(policy.within.count()) + " ms, and " + std::to_string(policy.restarts_max)
         + " restarts are allowed in that time; the last one: " + last;
}

} // namespace

supervised_slot::supervised_slot(host_system& host, uint32_t number, worker_options options,
                                 transport::spawn_request what, std::weak_ptr<slot_owner> owner)
  : host_(host),
    number_(number),
    options_(std::move(options)),
    what_(std::move(what)),
    owner_(std::move(owner)),
    ledger_(std::make_shared<supervision::ledger>(options_.actor_backlog.messages_max)),
    timer_(std::in_place, host.the_keeper().context()),
    promise_timer_(std::in_place, host.the_keeper().context()),
    program_{options_.program, options_.arguments, options_.environment},
    freeze_timer_(std::in_place, host.the_keeper().context()),
    age_timer_(std::in_place, host.the_keeper().context()),
    handler_timer_(std::in_place, host.the_keeper().context()),
    drain_timer_(std::in_place, host.the_keeper().context()),
    chance_(std::random_device{}()) {
  // nop
}

supervised_slot::~supervised_slot() = default;

// Of an end that was none of the process.
worker_death supervised_slot::certificate_of(const worker_process& who) {
  worker_death result;
  result.slot = who.place().slot;
  result.incarnation = who.place().incarnation;
  result.pid = who.pid();
  return result;
}

bool supervised_slot::is_crash(const caf::error& reason) const {
  if (options_.restart.when == restart_when::always)
    return true;
  return reason && reason != caf::exit_reason::normal && reason != caf::exit_reason::user_shutdown;
}

std::optional<supervised_slot::exit_order> supervised_slot::pending_exit() const {
  std::lock_guard guard{mutex_};
  return exit_;
}

bool supervised_slot::will_restart(bool died) {
  if (over_ || stop_wanted_ || handle_gone_ || handle_.lock() == nullptr)
    return false;
  auto order = pending_exit();
  std::unique_lock guard{mutex_};
  auto ended = root_end_;
  guard.unlock();
  if (ended)
    return !order && is_crash(*ended);
  // Whoever got an exit message has ended by now, or lives on with it; one that died so soon may not have looked at it.
  return died && !(order && time_now() - order->when < options_.stop_timeout);
}

void supervised_slot::root_ended(const worker_process& who, const caf::error& reason) {
  if (who.place().incarnation != incarnation_)
    return;
  {
    std::lock_guard guard{mutex_};
    root_end_ = reason;
  }
  if (!will_restart(false)) {
    finish(reason);
    return;
  }
  pause();
  host_.the_keeper().post([self = shared_from_this(), incarnation = who.place().incarnation] {
    if (self->worker_ && self->incarnation_ == incarnation)
      self->worker_->stop();
  });
}

request_set supervised_slot::settle(const worker_process& who, link& via, const std::optional<worker_death>& death) {
  request_set kept;
  if (worker_.get() != &who || (phase_ != phase::up && phase_ != phase::starting))
    return kept;
  // One that dies before the keeper has heard that it is up may have had messages; what becomes of its handle is decided by its start.
  auto was_up = phase_ == phase::up;
  if (was_up && !will_restart(death.has_value())) {
    auto order = pending_exit();
    finish(order ? order->reason : death ? make_error(*death) : caf::make_error(caf::exit_reason::user_shutdown));
    return kept;
  }
  auto states = via.ticket_states();
  auto end = death.value_or(certificate_of(who));
  auto settled = ledger_->settle(
    end, options_.restart, [states](uint64_t ticket) { return shm::state_of(states, ticket); },
    [&](const supervision::ledger::entry& x) {
      auto key = host_.routes().key_of(x.sender, x.mid);
      return key && !via.requests().contains(*key);
    });
  for (auto& [sender, mid] : settled.kept)
    if (auto key = host_.routes().key_of(sender, mid))
      kept.insert(*key);
  for (auto& x : settled.lost)
    bury(x, end, kept);
  if (auto owner = owner_.lock(); owner && was_up) {
    owner->slot_down(number_);
    if (owner->takes_back())
      owner->take_back(ledger_->take_unbegun());
  }
  return kept;
}

void supervised_slot::pause() {
  ledger_->pause();
  if (auto owner = owner_.lock())
    owner->slot_down(number_);
}

void supervised_slot::process_ended(const worker_process& who, const std::optional<worker_death>& death) {
  if (worker_.get() != &who) {
    successor_ended(who);
    return;
  }
  if (over_) {
    worker_.reset();
    return;
  }
  last_death_ = death;
  if (phase_ != phase::up)
    return; // whoever waits for the spawn is told
  auto what = death.value_or(certificate_of(who));
  std::unique_lock guard{mutex_};
  if (root_end_)
    what.detail = "its actor ended: " + to_string(*root_end_);
  guard.unlock();
  worker_.reset();
  if (what.cause != death_cause::recycled || stop_wanted_ || handle_gone_) {
    fall(what);
    return;
  }
  phase_ = phase::down;
  before_ = what;
  start_process();
}

void supervised_slot::fall(const worker_death& death) {
  if (over_)
    return;
  auto was = std::exchange(phase_, phase::down);
  before_ = death;
  auto at = time_now();
  auto before = supervision::recent(options_.restart, deaths_, at);
  deaths_.erase(deaths_.begin(), deaths_.end() - static_cast<std::ptrdiff_t>(before));
  if (stop_wanted_ || handle_gone_) {
    finish(make_error(death));
    return;
  }
  if (return_to_former(death)) {
    start_process();
    return;
  }
  if (!supervision::may_restart(options_.restart, before)) {
    auto story = story_of(before + 1, options_.restart, describe(death));
    tell(supervision_incident::gave_up, death, story);
    host_.log("bulkhead: actor " + what_.name + " is given up after " + story);
    finish(make_error(errc::restarts_exhausted, death, std::move(story)));
    return;
  }
  deaths_.push_back(at);
  auto chance = static_cast<double>(chance_()) / static_cast<double>(std::minstd_rand::max());
  auto delay = supervision::back_off(options_.restart, before, chance);
  if (delay.count() == 0) {
    if (was == phase::up)
      start_process();
    else // it comes back to here when it fails, and shall not go ever deeper
      host_.the_keeper().post([self = shared_from_this()] { self->start_process(); });
    return;
  }
  timer_->expires_after(delay);
  timer_->async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled)
      self->start_process();
  });
}

void supervised_slot::stop() {
  stop_wanted_ = true;
  host_.the_keeper().post([self = shared_from_this()] {
    if (self->phase_ == phase::down)
      self->finish(caf::make_error(caf::exit_reason::user_shutdown));
    else if (self->phase_ == phase::starting && self->worker_)
      self->worker_->stop(); // its start may take longer than its end
  });
}

void supervised_slot::terminate(std::chrono::milliseconds grace) {
  stop();
  host_.the_keeper().post([self = shared_from_this(), grace] {
    if (self->worker_)
      self->worker_->terminate(grace);
  });
}

void supervised_slot::handle_gone() {
  if (over_)
    return; // the host may be gone
  handle_gone_ = true;
  host_.the_keeper().post([self = shared_from_this()] {
    if (self->phase_ == phase::down)
      self->finish(caf::make_error(caf::exit_reason::unreachable));
    else if (self->phase_ == phase::starting && self->worker_)
      self->worker_->stop();
  });
}

void supervised_slot::finish(const caf::error& reason) {
  if (over_.exchange(true))
    return;
  auto left = ledger_->close();
  snapshots_.close();
  // An actor may end before its start has been noted.
  std::unique_lock guard{mutex_};
  auto done = std::exchange(done_, nullptr);
  auto handle = std::move(new_handle_);
  auto ended_by_itself = root_end_.has_value();
  guard.unlock();
  auto& routes = host_.routes();
  routes.exports().ended(address_, reason);
  routes.end(address_, reason);
  // What the last process had is answered by its link.
  if (auto owner = owner_.lock()) {
    owner->slot_over(number_, reason, std::move(left.waiting));
  } else {
    uint64_t dropped = 0;
    for (auto& x : left.waiting) {
      caf::mailbox_element what{std::move(x.sender), x.mid, {}, {}};
      if (!answer_with(what, link::after_end(reason), nullptr))
        ++dropped;
    }
    host_.note_dropped(dropped);
  }
  if (done && ended_by_itself)
    done(std::move(handle));
  else if (done)
    done(reason);
  host_.the_keeper().post([self = shared_from_this(), reason] {
    self->phase_ = phase::over;
    if (auto change = std::exchange(self->change_, std::nullopt))
      change->watch.failed(caf::make_error(errc::upgrade_failed, "the actor ended: " + to_string(reason)));
    self->timer_.reset();
    self->promise_timer_.reset();
    self->freeze_timer_.reset();
    self->age_timer_.reset();
    self->handler_timer_.reset();
    self->drain_timer_.reset();
    for (auto& told : std::exchange(self->drained_, {}))
      told(0);
    if (auto unused = std::exchange(self->successor_, nullptr))
      unused->stop();
    self->spares_.reset();
    self->host_.ended(self);
  });
}

void supervised_slot::tell(supervision_incident what, const worker_death& death, std::string detail) {
  host_.publish(supervision_event{what, number_, death.incarnation, death.pid, death, std::move(detail)});
}

} // namespace bulkhead::runtime
