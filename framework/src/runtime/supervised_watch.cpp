// Handlers that run for too long.

#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/runtime/worker_process.hpp"
#include "bulkhead/transport/message_format.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

// Not by each message if only lapsed requests matter.
void supervised_slot::watch_handlers() {
  if (options_.handler.time_max.count() != 0 || options_.handler.stall_max.count() != 0)
    watch_handlers_now();
}

void supervised_slot::watch_handlers_now() {
  if (!handlers_watched_ && !handlers_watched_.exchange(true))
    host_.the_keeper().post([self = shared_from_this()] { self->look_at_handlers(); });
}

bool supervised_slot::handlers_may_be_overdue() const {
  auto by_time = options_.handler.time_max.count() != 0 || options_.handler.stall_max.count() != 0;
  return by_time ? ledger_->size() > 0 : ledger_->any_lapsed();
}

// Nothing wakes up the host while there is nothing to handle.
void supervised_slot::look_at_handlers() {
  if (!handler_timer_ || over_)
    return;
  auto at = handler_time_.look(std::chrono::steady_clock::now());
  std::vector<uint64_t> begun;
  if (phase_ == phase::up) {
    auto states = worker_->the_link()->ticket_states();
    begun = ledger_->begun([states](uint64_t ticket) { return shm::state_of(states, ticket); });
  }
  std::erase_if(handlers_, [&](auto& x) { return std::find(begun.begin(), begun.end(), x.first) == begun.end(); });
  auto& policy = options_.handler;
  for (auto number : begun) {
    auto& found = handlers_.try_emplace(number, running_handler{at, {}}).first->second;
    look_at_handler(number, found, at);
    if (policy.then == overrun::kill && found.overdue_since && at - *found.overdue_since >= policy.grace) {
      worker_->overran(policy.deadlines && ledger_->has_lapsed(number), ledger_->content_of(number));
      break;
    }
  }
  if (phase_ == phase::up)
    look_at_progress(!begun.empty(), at);
  if (!handlers_may_be_overdue()) {
    handlers_watched_ = false;
    // One may have come just before.
    if (!handlers_may_be_overdue() || handlers_watched_.exchange(true)) {
      progress_.incarnation = 0;
      return;
    }
  }
  auto next = std::chrono::steady_clock::now() + until_next_look(at);
  handler_time_.plan(next);
  handler_timer_->expires_at(next);
  handler_timer_->async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled)
      self->look_at_handlers();
  });
}

supervision::duration supervised_slot::until_next_look(supervision::time_point at) const {
  auto& policy = options_.handler;
  auto result = supervision::watch_period(policy);
  for (auto& [number, x] : handlers_)
    if (auto due = x.overdue_since ? *x.overdue_since + policy.grace : x.since + policy.time_max; due > at)
      result = std::min<supervision::duration>(result, due - at);
  return result;
}

// While it is being replaced it may begin with nothing.
void supervised_slot::look_at_progress(bool handles, supervision::time_point at) {
  auto& policy = options_.handler;
  auto handled = ledger_->handled_count();
  if (handles || recycling_ || handled != progress_.handled || progress_.incarnation != incarnation_
      || !ledger_->any_delivered()) {
    progress_ = {handled, incarnation_, at, false};
    return;
  }
  if (policy.stall_max.count() == 0 || at - progress_.since < policy.stall_max || std::exchange(progress_.told, true))
    return;
  auto who = certificate_of(*worker_);
  auto text = "it had messages and began with none of them for " + std::to_string(policy.stall_max.count()) + " ms";
  host_.publish(supervision_event{supervision_incident::stalled, number_, who.incarnation, who.pid, {}, text});
  if (policy.then == overrun::kill)
    worker_->stalled(std::move(text));
}

void supervised_slot::look_at_handler(uint64_t number, running_handler& what, supervision::time_point at) {
  auto& policy = options_.handler;
  auto lapsed = policy.deadlines && ledger_->has_lapsed(number);
  auto too_long = policy.time_max.count() != 0 && at - what.since >= policy.time_max;
  if (what.overdue_since || (!lapsed && !too_long))
    return;
  what.overdue_since = lapsed ? at : what.since + policy.time_max;
  if (!lapsed)
    worker_->the_link()->tell_overdue(ledger_->ticket_of(number));
  auto who = certificate_of(*worker_);
  host_.publish(supervision_event{supervision_incident::overran,
                                  number_,
                                  who.incarnation,
                                  who.pid,
                                  {},
                                  transport::type_names(ledger_->content_of(number))
                                    + (lapsed ? ", and nobody waits for its answer any more"
                                              : ", for " + std::to_string(policy.time_max.count()) + " ms")});
}

} // namespace bulkhead::runtime
