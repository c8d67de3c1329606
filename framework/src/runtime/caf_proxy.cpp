#include "bulkhead/runtime/caf_proxy.hpp"

#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"

#include <caf/mailbox_element.hpp>

namespace bulkhead::runtime {

caf_proxy::caf_proxy(caf::actor_config& cfg, std::shared_ptr<link> via, wire_address target,
                     std::shared_ptr<supervised_slot> slot)
  : caf::actor_proxy(cfg), via_(std::move(via)), target_(target), slot_(std::move(slot)) {
  // nop
}

caf_proxy::~caf_proxy() = default;

const char* caf_proxy::name() const {
  return "bulkhead.proxy";
}

std::set<std::string> caf_proxy::message_types() const {
  return message_types_;
}

bool caf_proxy::enqueue(caf::mailbox_element_ptr what, caf::execution_unit* context) {
  if (getf(is_terminated_flag)) {
    if (what->mid.is_request() && what->sender)
      via_->answer(what->sender, what->mid, link::after_end(fail_state()), context);
    return false;
  }
  if (slot_)
    return slot_->enqueue(*this, std::move(what), context);
  return via_->forward(*this, std::move(what), context);
}

void caf_proxy::kill_proxy(caf::execution_unit* context, caf::error reason) {
  cleanup(std::move(reason), context);
}

// A proxy that has ended has nobody to tell, and the router may be gone.
void caf_proxy::on_destroy() {
  if (slot_)
    slot_->handle_gone();
  if (!getf(is_terminated_flag))
    via_->routes().dropped(*this, std::move(attachables_head_));
  caf::actor_proxy::on_destroy();
}

void caf_proxy::adopt(caf::attachable_ptr observers) {
  std::lock_guard guard{mtx_};
  auto last = &observers;
  while (*last)
    last = &(*last)->next;
  *last = std::move(attachables_head_);
  attachables_head_ = std::move(observers);
  observers_.sweep(attachables_head_);
}

void caf_proxy::attach(caf::attachable_ptr what) {
  caf::actor_proxy::attach(std::move(what));
  std::lock_guard guard{mtx_};
  observers_.added(attachables_head_);
}

std::shared_ptr<link> caf_proxy::via() const {
  auto present = slot_ ? slot_->via() : nullptr;
  return present ? present : via_;
}

bool caf_proxy::goes_through(const link& what) const noexcept {
  return slot_ ? slot_->goes_through(what) : via_.get() == &what;
}

void caf_proxy::link_there(const caf::strong_actor_ptr& observer) {
  if (slot_)
    slot_->link_to(observer);
  else
    via_->link_to(target_, observer);
}

void caf_proxy::unlink_there(const caf::actor_control_block& observer) {
  if (slot_)
    slot_->unlink(observer);
  else
    via_->unlink(target_, observer);
}

// Called while CAF holds the locks of both actors. The other process keeps its own half of the link, so that either side
// survives a crash of the other.
bool caf_proxy::add_backlink(caf::abstract_actor* other) {
  if (!caf::actor_proxy::add_backlink(other))
    return false;
  observers_.added(attachables_head_);
  link_there(caf::strong_actor_ptr{other->ctrl()});
  return true;
}

bool caf_proxy::remove_backlink(caf::abstract_actor* other) {
  if (!caf::actor_proxy::remove_backlink(other))
    return false;
  unlink_there(*other->ctrl());
  return true;
}

} // namespace bulkhead::runtime
