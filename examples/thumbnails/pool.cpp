#include "pool.hpp"

#include "pool_state.hpp"

#include <caf/event_based_actor.hpp>

#include <memory>

namespace thumbnails {

caf::behavior pool(caf::event_based_actor* self, const pool_options& options) {
  auto state = std::make_shared<pool_state>(self, options);
  self->set_down_handler([state](const caf::down_msg& down) { state->on_down(down.source); });
  return {
    [self, state](bulkhead::bytes& file, uint32_t width) {
      auto answer = self->make_response_promise<thumbnail>();
      state->accept({std::move(file), width, answer});
      return answer;
    },
    [state](health_atom) { return state->health(); },
  };
}

} // namespace thumbnails
