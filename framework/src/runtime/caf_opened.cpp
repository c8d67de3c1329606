#include "bulkhead/runtime/caf_opened.hpp"

#include <caf/exit_reason.hpp>

#include <mutex>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// CAF keeps all this to derived classes.
struct opened_actor final : caf::scheduled_actor {
  static auto& responses(caf::scheduled_actor& actor) noexcept {
    return actor.*(&opened_actor::multiplexed_responses_);
  }
  static auto& behaviors(caf::scheduled_actor& actor) noexcept {
    return actor.*(&opened_actor::bhvr_stack_);
  }
  static auto& unhandled(caf::scheduled_actor& actor) noexcept {
    return actor.*(&opened_actor::default_handler_);
  }
  static auto& on_exception(caf::scheduled_actor& actor) noexcept {
    return actor.*(&opened_actor::exception_handler_);
  }
  static auto& mutex(caf::scheduled_actor& actor) noexcept {
    return actor.*(&opened_actor::mtx_);
  }
  static auto& attached(caf::scheduled_actor& actor) noexcept {
    return actor.*(&opened_actor::attachables_head_);
  }
};

} // namespace

void forget_response(caf::scheduled_actor& self, caf::message_id id) {
  auto& all = opened_actor::responses(self);
  auto found = all.find(id);
  if (found == all.end())
    return;
  auto forgotten = std::move(found->second); // goes when the table is whole again
  all.erase(found);
}

void handle_exception(caf::scheduled_actor& self, std::exception_ptr what) {
  self.quit(self.call_handler(opened_actor::on_exception(self), &self, what));
}

caf::scheduled_actor::default_handler default_handler_of(caf::scheduled_actor& self) {
  return opened_actor::unhandled(self);
}

void end_now(const caf::strong_actor_ptr& actor) {
  auto self = dynamic_cast<caf::scheduled_actor*>(actor->get());
  // A detached actor has a thread of its own, which CAF stops later.
  if (self == nullptr || self->getf(caf::abstract_actor::is_cleaned_up_flag | caf::abstract_actor::is_detached_flag))
    return;
  self->on_exit();
  opened_actor::behaviors(*self).clear();
  opened_actor::behaviors(*self).cleanup();
  self->cleanup(caf::exit_reason::user_shutdown, nullptr);
}

void visit_attached(caf::scheduled_actor& self, bool (*match)(caf::attachable&, void*), void* context) {
  std::lock_guard guard{opened_actor::mutex(self)};
  for (auto x = opened_actor::attached(self).get(); x != nullptr; x = x->next.get())
    if (match(*x, context))
      return;
}

} // namespace bulkhead::runtime
