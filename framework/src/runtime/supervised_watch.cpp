// Handlers that run for too long.

#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/runtime/worker_process.hpp"
#include "bulkhead/transport/message_format.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

void supervised_slot::watch_handlers() {
  if (options_.handler.time_max.count() == 0 || handlers_watched_ || handlers_watched_.exchange(true))
    return;
  host_.the_keeper().post([self = shared_from_this()] { self->look_at_handlers(); });
}

// Nothing wakes up the host while there is nothing to handle.
void supervised_slot::look_at_handlers() {
  if (!handler_timer_ || over_)
    return;
  auto at = std::chrono::steady_clock::now();
  std::vector<uint64_t> begun;
  if (phase_ == phase::up) {
    auto states = worker_->the_link()->ticket_states();
    begun = ledger_->begun([states](uint64_t ticket) { return shm::state_of(states, ticket); });
  }
  std::erase_if(handlers_, [&](auto& x) { return std::find(begun.begin(), begun.end(), x.first) == begun.end(); });
  for (auto number : begun)
    if (look_at_handler(number, at)) {
      worker_->overran("it had not ended after " + std::to_string(options_.handler.time_max.count())
                         + " ms: " + transport::type_names(ledger_->content_of(number)));
      break;
    }
  if (ledger_->size() == 0) {
    handlers_watched_ = false;
    // One may have come just before.
    if (ledger_->size() == 0 || handlers_watched_.exchange(true))
      return;
  }
  handler_timer_->expires_after(supervision::watch_period(options_.handler));
  handler_timer_->async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled)
      self->look_at_handlers();
  });
}

// Returns whether its process is to be killed.
bool supervised_slot::look_at_handler(uint64_t number, supervision::time_point at) {
  auto& policy = options_.handler;
  auto& found = handlers_.try_emplace(number, running_handler{at}).first->second;
  if (at - found.since < policy.time_max)
    return false;
  if (!std::exchange(found.told, true)) {
    auto who = certificate_of(*worker_);
    host_.publish(supervision_event{supervision_incident::overran, number_, who.incarnation, who.pid, {},
                                    transport::type_names(ledger_->content_of(number)) + ", for "
                                      + std::to_string(policy.time_max.count()) + " ms"});
  }
  return policy.then == overrun::kill && at - found.since >= policy.time_max + policy.grace;
}

} // namespace bulkhead::runtime
