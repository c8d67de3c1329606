#include "actors/light/ticker.hpp"

#include <bulkhead/io.hpp>

#include <chrono>

namespace actors {

namespace {

void wait_for_tick(caf::stateful_actor<ticker_state>* self, caf::timespan period) {
  self->state.timer->expires_after(period);
  // Runs as one of the actor's messages and never after its end, so `self` is there.
  self->state.timer->async_wait([=](boost::system::error_code failed) {
    if (failed)
      return;
    ++self->state.ticks;
    wait_for_tick(self, period);
  });
}

} // namespace

caf::behavior ticker(caf::stateful_actor<ticker_state>* self, caf::timespan period) {
  self->state.timer.emplace(bulkhead::io(self));
  wait_for_tick(self, period);
  return {
    [=](caf::get_atom) { return self->state.ticks; },
  };
}

} // namespace actors
