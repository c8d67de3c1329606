#pragma once

#include "bulkhead/runtime/export_table.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>

#include <array>
#include <cstddef>

namespace bulkhead::runtime {

/// The actors that were looked up lately: the router needs a lock and a search by node id for each. It refers to them weakly, so
/// it keeps none alive; one that is gone is looked up anew.
///
/// Thread safety: none.
class resolve_cache {
public:
  /// @param look_up called with `who` if that is not known; its result may be null.
  template <class F>
  caf::strong_actor_ptr get(const wire_address& who, F look_up) {
    auto& x = slots_[wire_address_hash{}(who) % slots_.size()];
    if (x.who == who)
      if (auto known = x.actor.lock())
        return known;
    caf::strong_actor_ptr found = look_up(who);
    if (found) {
      x.who = who;
      x.actor = caf::actor_cast<caf::weak_actor_ptr>(found);
    }
    return found;
  }

  void forget(const wire_address& who) {
    if (auto& x = slots_[wire_address_hash{}(who) % slots_.size()]; x.who == who)
      x = {};
  }

private:
  struct slot {
    wire_address who;
    caf::weak_actor_ptr actor;
  };

  std::array<slot, 1024> slots_;
};

} // namespace bulkhead::runtime
