#include "bulkhead/io.hpp"

#include "bulkhead/errors.hpp"
#include "bulkhead/runtime/caf_scheduler.hpp"

#include <caf/action.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/mailbox_element.hpp>

#include <stdexcept>

namespace bulkhead {

namespace detail {

void run_in_actor(const caf::weak_actor_ptr& actor, io_work work) {
  auto receiver = actor.lock();
  if (!receiver)
    return;
  // CAF runs an action that an actor receives as one of its messages.
  auto action = caf::make_action([work = std::move(work)]() mutable { work(); });
  receiver->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, std::move(action)),
                    runtime::caf_scheduler::current_unit());
}

boost::asio::io_context& io_of(caf::actor_system& system) {
  auto scheduler = dynamic_cast<runtime::caf_scheduler*>(&system.scheduler());
  if (scheduler == nullptr)
    throw std::logic_error{std::string{"bulkhead::io: "} + explain(errc::not_loaded)};
  return scheduler->io();
}

} // namespace detail

actor_executor io(caf::event_based_actor* self) {
  auto binding = std::make_shared<detail::io_binding>();
  binding->actor = caf::weak_actor_ptr{self->ctrl()};
  binding->context = &detail::io_of(self->system());
  return {std::move(binding), nullptr};
}

} // namespace bulkhead
