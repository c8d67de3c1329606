#include "bulkhead/runtime/caf_observers.hpp"

#include "caf_expose.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/default_attachable.hpp>
#include <caf/system_messages.hpp>

#include <algorithm>
#include <typeinfo>
#include <utility>

namespace bulkhead::runtime {

namespace exposed {

struct observer {
  using type = caf::actor_addr caf::default_attachable::*;
  friend type member_of(observer);
};

template struct expose<observer, &caf::default_attachable::observer_>;

} // namespace exposed

namespace {

bool is_gone(const caf::attachable& what) {
  if (typeid(what) != typeid(caf::default_attachable))
    return false;
  auto& observer = static_cast<const caf::default_attachable&>(what).*member_of(exposed::observer{});
  auto block = caf::actor_cast<caf::actor_control_block*>(observer);
  return block != nullptr && block->strong_refs == 0;
}

} // namespace

void observer_sweep::sweep(caf::attachable_ptr& head) {
  attached_ = 0;
  for (auto next = &head; *next;) {
    if (is_gone(**next)) {
      *next = std::move((*next)->next);
    } else {
      next = &(*next)->next;
      ++attached_;
    }
  }
  look_at_ = std::max(look_at_min, 2 * attached_);
}

bool ends_link(caf::monitorable_actor& self, const caf::mailbox_element& what) {
  auto types = what.payload.types();
  if (types.size() != 1 || types[0] != caf::type_id_v<caf::exit_msg>)
    return false;
  auto& source = what.payload.get_as<caf::exit_msg>(0).source;
  auto sender = caf::actor_cast<caf::strong_actor_ptr>(source);
  if (!sender || !sender->get()->getf(caf::abstract_actor::is_terminated_flag))
    return false;
  (void) self.detach(caf::default_attachable::observe_token{source, caf::default_attachable::link});
  return true;
}

} // namespace bulkhead::runtime
