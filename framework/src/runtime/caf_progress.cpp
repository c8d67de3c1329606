#include "bulkhead/runtime/caf_progress.hpp"

#include "bulkhead/runtime/caf_awaited.hpp"
#include "bulkhead/runtime/caf_mark.hpp"
#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/caf_scheduler.hpp"

#include <caf/actor_system.hpp>
#include <caf/invoke_message_result.hpp>
#include <caf/local_actor.hpp>
#include <caf/mailbox_element.hpp>

#include <algorithm>
#include <string_view>

namespace bulkhead::runtime {

namespace {

constexpr size_t types_told_max = 4;

shm::recorded_message about(const caf::local_actor& receiver, const caf::mailbox_element& element,
                            transport::process_number self) {
  shm::recorded_message result;
  result.receiver = receiver.id();
  result.request = element.mid.integer_value();
  auto types = element.payload.types();
  for (size_t i = 0; i < std::min(types.size(), types_told_max); ++i)
    result.types = (result.types & ~(uint64_t{shm::no_type} << 16 * i)) | uint64_t{types[i]} << 16 * i;
  if (element.tracing_id || !element.sender)
    return result;
  if (auto proxy = as_proxy(element.sender)) {
    result.sender = proxy->target().actor;
    result.sender_process = proxy->target().process;
  } else {
    result.sender = element.sender->aid;
    result.sender_process = self;
  }
  return result;
}

// CAF asks nobody whether it shall handle a message, but there is one kind that it drops.
void omit(const caf::mailbox_element& element) {
  const_cast<caf::mailbox_element&>(element).mid = nobodys_response();
}

// A blocking actor on a thread that runs others waits there for what only this process's loop can bring it.
void tell_of_wait(const caf::local_actor& self) {
  static_cast<caf_scheduler&>(self.home_system().scheduler()).handler_may_wait();
}

} // namespace

void caf_progress::add_actor(const caf::local_actor& self, const caf::local_actor* parent) {
  if (next_ != nullptr)
    next_->add_actor(self, parent);
  if (self.getf(caf::abstract_actor::is_blocking_flag) && std::string_view{self.name()} == "scoped_actor")
    tell_of_wait(self);
}

void caf_progress::remove_actor(const caf::local_actor& self) {
  if (next_ != nullptr)
    next_->remove_actor(self);
}

void caf_progress::before_processing(const caf::local_actor& self, const caf::mailbox_element& element) {
  if (has_lapsed(element.tracing_id.get()) && !self.getf(caf::abstract_actor::is_blocking_flag)) {
    if (next_ != nullptr)
      next_->before_processing(self, element);
    omit(element);
    handler_omitted();
    return;
  }
  auto in_turn = caf_scheduler::current_unit() != nullptr;
  auto begin = [&] { handler_entered(element.tracing_id.get(), recorder_, about(self, element, self_), in_turn); };
  if (!tracked_ || in_turn)
    begin();
  else
    static_cast<caf_scheduler&>(self.home_system().scheduler()).enter(self.id(), begin);
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
  if (self.getf(caf::abstract_actor::is_blocking_flag))
    tell_of_wait(self);
}

void caf_progress::before_sending_scheduled(const caf::local_actor& self, caf::actor_clock::time_point timeout,
                                            caf::mailbox_element& element) {
  if (next_ != nullptr)
    next_->before_sending_scheduled(self, timeout, element);
}

} // namespace bulkhead::runtime
