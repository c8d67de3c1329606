#pragma once

#include <caf/attachable.hpp>
#include <caf/fwd.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/monitorable_actor.hpp>

#include <cstddef>

namespace bulkhead::runtime {

/// Takes the monitors and links of actors that are gone off an actor that outlives them. CAF leaves them there until the
/// observed actor ends, and each keeps the memory of its observer.
///
/// Thread safety: under the lock of the actor.
class observer_sweep {
public:
  /// To be called for each one that was attached. `head` begins the list of the actor.
  void added(caf::attachable_ptr& head) {
    if (++attached_ >= look_at_)
      sweep(head);
  }

  /// Lets go of those whose observer is gone.
  void sweep(caf::attachable_ptr& head);

private:
  static constexpr size_t look_at_min = 32;

  size_t attached_ = 0;
  /// Twice as many as were left the last time, so that looking costs little for each.
  size_t look_at_ = look_at_min;
};

/// Whether `what` tells of the end of an actor that was linked to `self`. Then the link is gone, as in CAF's own actors.
bool ends_link(caf::monitorable_actor& self, const caf::mailbox_element& what);

} // namespace bulkhead::runtime
