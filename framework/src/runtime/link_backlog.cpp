// Back pressure: who may send, what waits for room, and the tickets that come back.

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/runtime/caf_ledger_mark.hpp"
#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/shm/layout.hpp"

#include <cstring>
#include <utility>
#include <vector>

namespace bulkhead::runtime {

using transport::envelope;
using transport::record_kind;

// The worst room in which a message may go at once.
backlog::room link::worst_room(const flow& who, const caf::mailbox_element& what, bool unparked) const {
  using room = backlog::room;
  // What another worker sent is in its books already, until it is handled here.
  if (limited_elsewhere(what.tracing_id.get()))
    return room::full;
  if (unparked)
    return room::crowded;
  switch (options_.when_full) {
  case overflow::wait:
    return crowded_.given_up(who.target) || router_.the_loop().runs_actor() ? room::free : room::crowded;
  case overflow::drop_newest:
    return what.mid.is_request() ? room::crowded : room::free;
  default:
    return room::free;
  }
}

// Whether a message from here waits for room, if there is none.
bool link::parks(const flow& who, uint64_t bytes) const {
  switch (options_.when_full) {
  case overflow::wait:
    return !crowded_.given_up(who.target) && router_.the_loop().may_park(bytes, options_.each);
  case overflow::drop_oldest:
    return true;
  default:
    return false;
  }
}

// Returns false if the message was turned away. If it waits for room instead, `what` is null.
bool link::admit(caf_proxy& to, const flow& who, uint64_t bytes, bool unparked, caf::mailbox_element_ptr& what,
                 uint64_t& ticket, caf::execution_unit* context) {
  auto from_here = !unparked && !limited_elsewhere(what->tracing_id.get());
  auto enter = [&](backlog::room most) {
    auto entered = backlog_->enter(who, bytes, most, what->tracing_id);
    tell_demand(entered.demand);
    ticket = entered.ticket;
    return ticket != 0;
  };
  auto behind = from_here && parked_->wait_for(who.target);
  if (!behind && enter(from_here ? backlog::room::free : worst_room(who, *what, unparked)))
    return true;
  if (from_here) {
    note_crowded(who.target);
    if (parks(who, bytes))
      return park(to, who, bytes, what, context);
    auto overtakes = behind && router_.the_loop().runs_actor();
    if (!overtakes && enter(worst_room(who, *what, unparked)))
      return true;
  }
  return refuse(*what, caf::make_error(errc::mailbox_full, explain(errc::mailbox_full)), context);
}

bool link::park(caf_proxy& to, const flow& who, uint64_t bytes, caf::mailbox_element_ptr& what,
                caf::execution_unit* context) {
  parked_messages::message item{caf::strong_actor_ptr{to.ctrl()}, std::move(what), bytes};
  if (options_.when_full == overflow::wait) {
    parked_->park(who.target, std::move(item));
    router_.the_loop().wait_for_room(shared_from_this(), who);
  } else {
    switch (parked_->park_for_oldest(who.target, item)) {
    case parked_messages::outcome::refused:
      return refuse(*item.what, caf::make_error(errc::mailbox_full, explain(errc::mailbox_full)), context);
    case parked_messages::outcome::dropped:
      count_dropped();
      break;
    default:
      break;
    }
  }
  // What was said of room and of the link may have been outdated by then.
  if (closed_)
    refuse_all(parked_->take_all(), end_reason_);
  else if (backlog_->room_for(who) == backlog::room::free)
    router_.the_loop().post([self = shared_from_this()] {
      self->unpark();
      self->routes().the_loop().room_made(*self);
    });
  return true;
}

void link::refuse_all(std::vector<parked_messages::message> messages, const caf::error& reason) {
  for (auto& x : messages)
    (void) refuse(*x.what, reason, &router_.context());
}

void link::note_crowded(const wire_address& target) {
  crowded_.note(target, backlog_->handled_by(target), platform::now_ns());
  router_.the_loop().receiver_is_crowded();
}

void link::count_dropped() noexcept {
  ++dropped_;
  router_.the_loop().receiver_is_crowded();
}

bool link::may_send(const flow& who) const {
  return closed_ || crowded_.given_up(who.target)
         || (backlog_->room_for(who) == backlog::room::free && !parked_->wait_for(who.target));
}

// Sends what waited for room. Whoever holds the turn of the loop calls this, so there is one at a time.
void link::unpark() {
  for (auto& target : parked_->targets()) {
    parked_messages::message item;
    while (!closed_ && parked_->take(target, item)) {
      auto& to = *as_proxy(item.proxy);
      envelope head{target.actor, 0, item.what->mid.integer_value(), target.process, 0};
      (void) fill_head(head, *item.what);
      auto who = flow{{head.source_process, head.source}, target};
      if (backlog_->room_for(who) != backlog::room::free) {
        parked_->put_back(target, std::move(item));
        break;
      }
      (void) send_message(to, head, item.what, true, &router_.context());
    }
  }
}

void link::tell_demand(uint64_t changes) {
  if (changes != 0)
    (void) outbox_->send_control(record_kind::demand, envelope{0, 0, changes, 0, 0}, {});
}

// -- what comes back ----------------------------------------------------------

// On any thread: wherever a message ends.
void link::return_tickets(std::span<const uint64_t> tickets) {
  if (closed_)
    return;
  auto first = reinterpret_cast<const caf::byte*>(tickets.data());
  (void) outbox_->send_control(record_kind::handled, {}, {first, tickets.size_bytes()});
}

const std::shared_ptr<handled_log>& link::handled() {
  if (!handled_)
    handled_ =
      router_.is_host()
        ? std::make_shared<handled_log>(std::weak_ptr<ticket_returns>{shared_from_this()}, options_.all)
        : std::make_shared<handled_log>(std::weak_ptr<ticket_returns>{shared_from_this()}, options_.all,
                                        ticket_states(), shm::lapse_board_of(edge_->peer.data(), edge_->rings));
  return handled_;
}

// Returns false if the peer has never had one of them.
bool link::take_tickets(std::span<const std::byte> body) {
  if (body.empty() || body.size() % sizeof(uint64_t) != 0)
    return false;
  std::vector<uint64_t> tickets(body.size() / sizeof(uint64_t));
  std::memcpy(tickets.data(), body.data(), body.size());
  auto left = backlog_->leave(tickets);
  if (!left)
    return false;
  tell_demand(left->demand);
  return true;
}

void link::on_handled(const transport::incoming& record) {
  if (!take_tickets(record.body)) {
    found_corrupt("it returned a ticket that it does not have");
    return;
  }
  unpark();
  router_.the_loop().room_made(*this);
}

} // namespace bulkhead::runtime
