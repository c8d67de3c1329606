// What passes from one process of a supervised actor to the next, besides its messages.

#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/runtime/worker_process.hpp"

namespace bulkhead::runtime {

// The process stands still, and there is nothing more that it alone could do but to say how it stands.
void supervised_slot::hand_over(const std::shared_ptr<worker_process>& who) {
  if (!who->ask_for_state()) {
    who->retire();
    return;
  }
  freeze_timer_->start(options_.stop_timeout, [self = shared_from_this(), who] {
    if (self->worker_ == who && self->phase_ == phase::up && who->owes_state())
      who->keeps_its_state();
  });
}

// In front of the spawn, not in it: an actor's arguments and its state may each be as large as any message.
void supervised_slot::pass_snapshot_to(worker_process& who) {
  auto encoded = snapshots_.last();
  if (!encoded.empty())
    (void) who.the_link()->snapshot(address_.actor, nullptr, std::move(encoded));
}

} // namespace bulkhead::runtime
