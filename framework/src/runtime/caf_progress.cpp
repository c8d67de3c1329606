#include "bulkhead/runtime/caf_progress.hpp"

#include "bulkhead/runtime/caf_mark.hpp"
#include "bulkhead/runtime/caf_scheduler.hpp"

#include <caf/actor_system.hpp>
#include <caf/invoke_message_result.hpp>
#include <caf/local_actor.hpp>
#include <caf/mailbox_element.hpp>

namespace bulkhead::runtime {

void caf_progress::add_actor(const caf::local_actor& self, const caf::local_actor* parent) {
  if (next_ != nullptr)
    next_->add_actor(self, parent);
}

void caf_progress::remove_actor(const caf::local_actor& self) {
  if (next_ != nullptr)
    next_->remove_actor(self);
}

void caf_progress::before_processing(const caf::local_actor& self, const caf::mailbox_element& element) {
  auto mark = element.tracing_id.get();
  if (caf_scheduler::current_unit() != nullptr)
    handler_entered(mark);
  else
    static_cast<caf_scheduler&>(self.home_system().scheduler()).enter([mark] { handler_entered(mark); });
  if (next_ != nullptr)
    next_->before_processing(self, element);
}

void caf_progress::after_processing(const caf::local_actor& self, caf::invoke_message_result result) {
  handler_left(result == caf::invoke_message_result::skipped);
  if (next_ != nullptr)
    next_->after_processing(self, result);
}

void caf_progress::before_sending(const caf::local_actor& self, caf::mailbox_element& element) {
  if (next_ != nullptr)
    next_->before_sending(self, element);
}

void caf_progress::before_sending_scheduled(const caf::local_actor& self, caf::actor_clock::time_point timeout,
                                            caf::mailbox_element& element) {
  if (next_ != nullptr)
    next_->before_sending_scheduled(self, timeout, element);
}

} // namespace bulkhead::runtime
