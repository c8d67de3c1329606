// The state of a worker's actor, on its way to the successor.

#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/runtime/worker_process.hpp"

#include <string>

namespace bulkhead::runtime {

void worker_process::on_snapshot(uint64_t id, std::span<const std::byte> encoded) {
  {
    std::lock_guard guard{mutex_};
    if (!slot_ || !roots_.contains(id))
      return; // that is no actor of this worker, or none any more
  }
  slot_->keep_snapshot(encoded);
}

void worker_process::on_frozen(bool owes_state) {
  if (!freezing_.exchange(false))
    return; // nobody has asked
  has_state_ = owes_state;
  host_.the_keeper().post([self = shared_from_this()] {
    if (self->slot_ && self->ready())
      self->slot_->on_frozen(self);
  });
}

bool worker_process::ask_for_state() {
  if (!has_state_ || asked_for_state_)
    return false;
  asked_for_state_ = true;
  freezing_ = true;
  the_link()->tell(transport::record_kind::hand_over);
  return true;
}

void worker_process::keeps_its_state() {
  hit_limit("stop_timeout", static_cast<uint64_t>(options_.stop_timeout.count()));
  condemn(death_cause::overran,
          "it did not hand its state over within " + std::to_string(options_.stop_timeout.count()) + " ms");
}

} // namespace bulkhead::runtime
