#include "bulkhead/gather.hpp"

#include <caf/action.hpp>
#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

namespace bulkhead::detail {

void run_later(caf::actor_system& system, std::chrono::nanoseconds delay, std::function<void()> what) {
  auto& clock = system.clock();
  clock.schedule(clock.now() + std::chrono::duration_cast<caf::actor_clock::duration_type>(delay), caf::make_action(std::move(what)));
}

} // namespace bulkhead::detail
