// A worker that is about to be replaced: it stands still, and hands the state of its root over.

#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/worker_system.hpp"

#include <caf/action.hpp>
#include <caf/local_actor.hpp>

#include <utility>

namespace bulkhead::runtime {

void worker_system::on_freeze(bool wanted) {
  std::unique_lock guard{mutex_};
  auto number = ++freezes_;
  handed_over_ = false;
  owes_frozen_ = false;
  if (!wanted) {
    thaw();
    changed_.notify_all();
    return;
  }
  guard.unlock();
  // What a handler waits for comes from actors that must not stand still.
  between_handlers([this, number] {
    std::lock_guard lock{mutex_};
    if (number != freezes_ || stopping_)
      return;
    owes_frozen_ = true;
    freeze();
    changed_.notify_all();
  });
}

void worker_system::on_snapshot(uint64_t, std::span<const std::byte> encoded) {
  snapshots_.inherit(encoded);
}

// Null if there is none any more: then there is nothing to hand over.
caf::strong_actor_ptr worker_system::frozen_root(uint64_t& freeze) {
  std::lock_guard guard{mutex_};
  freeze = freezes_;
  if (roots_.empty())
    return nullptr;
  auto& [id, actor] = *roots_.begin();
  return actor ? actor : routes().resolve({transport::host_process, id});
}

// On the thread of the scheduler, so no handler runs there. An actor with a thread of its own is between two handlers when it comes
// to the next message; should it wait for one, it gets one that does nothing.
void worker_system::on_hand_over() {
  uint64_t freeze = 0;
  auto root = frozen_root(freeze);
  auto self = root ? dynamic_cast<caf::local_actor*>(root->get()) : nullptr;
  if (self == nullptr || !self->getf(caf::abstract_actor::is_detached_flag)) {
    if (self != nullptr)
      snapshots_.hand_over(*self);
    handed_over(freeze);
    return;
  }
  run_between(root->aid, [this, freeze, root, self] {
    snapshots_.hand_over(*self);
    handed_over(freeze);
  });
  auto nudge = caf::make_message(caf::make_action([] {}));
  auto urgent = caf::make_message_id(caf::message_priority::high);
  if (!root->enqueue(caf::make_mailbox_element(nullptr, urgent, {}, std::move(nudge)), nullptr))
    handed_over(freeze); // it has ended
}

void worker_system::handed_over(uint64_t freeze) {
  std::lock_guard guard{mutex_};
  if (freeze != freezes_ || stopping_)
    return; // thawed meanwhile
  handed_over_ = true;
  owes_frozen_ = true;
  changed_.notify_all();
}

} // namespace bulkhead::runtime
