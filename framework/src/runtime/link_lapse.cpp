// Requests whose time is over, and handlers that are overdue.

#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/shm/layout.hpp"

#include <caf/sec.hpp>

#include <utility>

namespace bulkhead::runtime {

using transport::envelope;
using transport::record_kind;

void link::lapse(const request_set& over, request_set& caused) {
  if (closed_)
    return;
  auto tell = [this](const pending_table::entry& x) {
    if (authority_)
      authority_->lapsed();
    if (router_.is_host())
      shm::lapse_board_of(edge_->own.data(), edge_->rings)->note(x.what.ticket);
    (void) outbox_->send_control(record_kind::lapse, {0, x.key.requester, x.key.id, 0, x.key.process, 0}, {});
  };
  for (auto& x : pending_.take_all_of(over))
    tell(x);
  for (auto& x : pending_.take_caused_by(over)) {
    answer(x.what.requester, x.what.mid, caf::make_error(caf::sec::request_timeout), &router_.context());
    tell(x);
    caused.insert(x.key);
  }
  auto is_over = [&](const caf::mailbox_element& what) {
    auto key = router_.key_of(what.sender, what.mid);
    return key && over.contains(*key);
  };
  for (auto& sender : parked_->drop_if(is_over))
    if (auto who = router_.address_of(*sender))
      router_.the_loop().nothing_parked(*this, *who);
}

void link::tell_overdue(uint64_t ticket) noexcept {
  if (ticket != 0 && !closed_)
    shm::lapse_board_of(edge_->own.data(), edge_->rings)->note(ticket);
}

void link::on_lapse(const transport::incoming& record) {
  auto& head = record.head;
  request_set over{{head.source_process, head.source, head.word}};
  if (router_.is_host()) {
    // For some of its actors the host has another name.
    auto requester = router_.find({peer_, head.source});
    auto mid = caf::make_message_id(head.word);
    if (auto proxy = requester ? as_proxy(requester) : nullptr; proxy != nullptr && proxy->slot())
      mid = proxy->slot()->tagged(mid);
    if (auto key = router_.key_of(requester, mid))
      over.insert(*key);
  }
  router_.the_loop().lapse(std::move(over));
}

} // namespace bulkhead::runtime
