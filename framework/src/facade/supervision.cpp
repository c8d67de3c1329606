#include "bulkhead/supervision.hpp"

#include "bulkhead/runtime/caf_mark.hpp"

#include <caf/local_actor.hpp>
#include <caf/mailbox_element.hpp>

namespace bulkhead {

uint32_t attempt(caf::local_actor* self) noexcept {
  auto what = self->current_mailbox_element();
  return 1 + (what != nullptr ? runtime::deaths_before(what->tracing_id.get()) : 0);
}

bool overdue(caf::local_actor* self) noexcept {
  auto what = self->current_mailbox_element();
  return what != nullptr && runtime::is_overdue(what->tracing_id.get());
}

} // namespace bulkhead
