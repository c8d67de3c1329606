#pragma once

#include <caf/actor_control_block.hpp>
#include <caf/attachable.hpp>
#include <caf/fwd.hpp>
#include <caf/message_id.hpp>
#include <caf/scheduled_actor.hpp>

#include <exception>

namespace bulkhead::runtime {

// What CAF keeps to the classes of actors and coroutines need. All of it inside the actor, but for `end_now`.

/// The first attachable of `self` that is a T; null without one.
template <class T>
T* find_attached(caf::scheduled_actor& self);

/// Forgets the handler for the response `id`: it is dropped when it comes.
void forget_response(caf::scheduled_actor& self, caf::message_id id);

/// Ends `self` with what its exception handler makes of `what`, as if a message handler had thrown it.
void handle_exception(caf::scheduled_actor& self, std::exception_ptr what);

/// What handles the messages of `self` that its behavior does not.
[[nodiscard]] caf::scheduled_actor::default_handler default_handler_of(caf::scheduled_actor& self);

/// Ends `actor`, an event-based one, as its last message would, when no scheduler runs it any more.
void end_now(const caf::strong_actor_ptr& actor);

// -- implementation -----------------------------------------------------------

/// Runs `match` on the attachables of `self` until it returns true.
void visit_attached(caf::scheduled_actor& self, bool (*match)(caf::attachable&, void*), void* context);

template <class T>
T* find_attached(caf::scheduled_actor& self) {
  T* result = nullptr;
  auto match = [](caf::attachable& x, void* found) {
    auto one = dynamic_cast<T*>(&x);
    *static_cast<T**>(found) = one;
    return one != nullptr;
  };
  visit_attached(self, match, &result);
  return result;
}

} // namespace bulkhead::runtime
