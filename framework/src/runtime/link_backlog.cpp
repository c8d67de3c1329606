// Back pressure: who may send, what waits, and what became of it.

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include <cstring>
#include <string_view>
#include <utility>

namespace bulkhead::runtime {

using transport::envelope;
using transport::record_kind;

namespace {

/// How a wait is told.
struct told_wait {
  uint64_t id;
  uint64_t waits;
  uint64_t on;
  transport::process_number waits_process;
  transport::process_number on_process;
};

static_assert(sizeof(told_wait) == 32);

/// What fits into a record of the control lane; more actors than that can only hide a circle, not make one up.
constexpr size_t told_waits_max = 400;
constexpr size_t circle_bytes_max = 4096;

caf::error full() {
  return caf::make_error(errc::mailbox_full, explain(errc::mailbox_full));
}

} // namespace

// The worst room in which a message may go at once.
backlog::room link::worst_room(const flow& who, const caf::mailbox_element& what, bool unparked) const {
  using room = backlog::room;
  // What another worker sent is in its books already, until it is handled here.
  if (what.tracing_id)
    return room::bursting;
  switch (options_.when_full) {
    case overflow::wait:
      if (crowded_.given_up(who.target))
        return room::free;
      return router_.the_loop().runs_actor() ? room::full : room::crowded;
    case overflow::drop_newest:
      return what.mid.is_request() ? room::crowded : room::free;
    default:
      return unparked ? room::crowded : room::free;
  }
}

// Returns false if the message was turned away. If it waits for room instead, `what` is null.
bool link::admit(caf_proxy& to, const flow& who, uint64_t bytes, bool unparked, caf::mailbox_element_ptr& what,
                 uint64_t& ticket, caf::execution_unit* context) {
  using parking = parked_messages::outcome;
  auto parks = options_.when_full == overflow::drop_oldest && !unparked;
  auto park = [&](bool at_any_rate) {
    parked_messages::message item{caf::strong_actor_ptr{to.ctrl()}, std::move(what), bytes};
    auto result = parked_->park(who.target, item, at_any_rate);
    what = std::move(item.what);
    if (result == parking::parked_for_another)
      count_dropped();
    return result;
  };
  if (parks) {
    if (auto result = park(false); result != parking::none)
      return result != parking::refused || refuse(*what, full(), context);
  }
  auto entered = backlog_->enter(who, bytes, worst_room(who, *what, unparked), what->tracing_id);
  if (entered.demand)
    (void) outbox_->send_control(record_kind::demand, envelope{0, 0, 1, 0, 0}, {});
  if (entered.found != backlog::room::free)
    note_crowded(who.target);
  ticket = entered.ticket;
  if (ticket == 0) {
    if (!parks)
      return refuse(*what, full(), context);
    if (park(true) == parking::refused)
      return refuse(*what, full(), context);
    // Room may have been made before it was parked.
    if (backlog_->room_for(who) == backlog::room::free)
      router_.the_loop().post([self = shared_from_this()] { self->unpark(); });
    return true;
  }
  if (entered.found != backlog::room::free && options_.when_full == overflow::wait)
    router_.the_loop().wait_for_room(shared_from_this(), who);
  return true;
}

void link::note_crowded(const wire_address& target) {
  auto first = crowded_.empty();
  crowded_.note(target, backlog_->handled_by(target), platform::now_ns());
  if (first)
    router_.the_loop().receiver_is_crowded();
}

void link::count_dropped() noexcept {
  if (dropped_++ == dropped_told_)
    router_.the_loop().receiver_is_crowded();
}

bool link::may_send(const flow& who) const {
  return closed_ || crowded_.given_up(who.target) || backlog_->room_for(who) == backlog::room::free;
}

// Sends what waited for room, on the polling thread only.
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
    handled_ = std::make_shared<handled_log>(std::weak_ptr<ticket_returns>{shared_from_this()}, options_.all);
  return handled_;
}

// Returns false if the peer has never had one of them.
bool link::take_tickets(std::span<const std::byte> body) {
  if (body.empty() || body.size() % sizeof(uint64_t) != 0)
    return false;
  auto no_demand = false;
  for (; !body.empty(); body = body.subspan(sizeof(uint64_t))) {
    uint64_t ticket;
    std::memcpy(&ticket, body.data(), sizeof(ticket));
    auto left = backlog_->leave(ticket);
    if (!left)
      return false;
    no_demand |= left->no_demand;
  }
  if (no_demand)
    (void) outbox_->send_control(record_kind::demand, {}, {});
  return true;
}

void link::on_handled(const transport::incoming& record) {
  if (!take_tickets(record.body)) {
    found_corrupt("it returned a ticket that it does not have");
    return;
  }
  if (options_.when_full == overflow::drop_oldest)
    unpark();
  router_.the_loop().room_made(*this);
}

// -- slow receivers -----------------------------------------------------------

bool link::check_receivers(uint64_t now_ns) {
  if (closed_)
    return false;
  if (auto dropped = dropped_.load(), told = dropped_told_.exchange(dropped); dropped != told)
    report({.what = backlog_incident::dropped, .messages = dropped - told, .detail = {}});
  for (auto& target : crowded_.all()) {
    auto crowded = backlog_->presses(target);
    if (!crowded_.is_slow(target, backlog_->handled_by(target), crowded, options_.slow_after_ms * 1'000'000, now_ns))
      continue;
    auto waiting = backlog_->waiting_for(target);
    backlog_event what{.what = backlog_incident::slow_consumer,
                       .receiver = target.actor,
                       .messages = waiting.messages_max,
                       .bytes = waiting.bytes_max,
                       .detail = "handled nothing for " + std::to_string(options_.slow_after_ms) + " ms"};
    auto complaint = "actor " + std::to_string(target.actor) + " " + what.detail;
    report(std::move(what));
    if (options_.when_slow == slow_consumer::kill)
      events_->on_slow(complaint);
  }
  router_.the_loop().room_made(*this);
  return !crowded_.empty();
}

void link::break_circle(const wire_address& target, const std::string& circle) {
  crowded_.note(target, backlog_->handled_by(target), platform::now_ns());
  crowded_.give_up(target);
  auto waiting = backlog_->waiting_for(target);
  report({.what = backlog_incident::deadlock,
          .receiver = target.actor,
          .messages = waiting.messages_max,
          .bytes = waiting.bytes_max,
          .detail = circle});
  router_.the_loop().room_made(*this);
}

void link::break_circle_there(const wire_address& target, const std::string& circle) {
  auto text = std::string_view{circle}.substr(0, circle_bytes_max);
  auto first = reinterpret_cast<const caf::byte*>(text.data());
  if (!closed_)
    (void) outbox_->send_control(record_kind::give_up, {target.actor, 0, 0, target.process, 0}, {first, text.size()});
}

void link::tell_waits(const std::vector<wait_edge>& all) {
  std::vector<told_wait> told;
  for (auto& x : all)
    if (told.size() < told_waits_max)
      told.push_back({x.id, x.waits.actor, x.on.actor, x.waits.process, x.on.process});
  auto body = std::as_bytes(std::span{told});
  if (!closed_)
    (void) outbox_->send_control(record_kind::waits, {}, {reinterpret_cast<const caf::byte*>(body.data()), body.size()});
}

void link::on_waits(const transport::incoming& record) {
  if (!router_.is_host())
    return;
  auto count = record.body.size() / sizeof(told_wait);
  if (count * sizeof(told_wait) != record.body.size() || count > told_waits_max) {
    found_corrupt("its list of waiting actors is cut off");
    return;
  }
  std::vector<told_wait> told(count);
  if (count > 0)
    std::memcpy(told.data(), record.body.data(), record.body.size());
  std::vector<wait_edge> all;
  for (auto& x : told)
    if (x.waits_process == peer_) // it can speak for its own actors only
      all.push_back({x.id, {x.waits_process, x.waits}, {x.on_process, x.on}});
  events_->on_waits(std::move(all));
}

// The host tells its subscribers; a worker tells the host.
void link::report(backlog_event what) {
  if (router_.is_host()) {
    events_->on_backlog(std::move(what));
    return;
  }
  caf::byte_buffer body;
  caf::binary_serializer sink{&router_.context(), body};
  what.to_worker = false;
  if (sink.apply(what) && !closed_)
    (void) outbox_->send_control(record_kind::report, {}, body);
}

void link::on_report(const transport::incoming& record) {
  if (!router_.is_host())
    return;
  backlog_event what;
  caf::binary_deserializer source{&router_.context(), record.body.data(), record.body.size()};
  if (!source.apply(what)) {
    found_corrupt("its report cannot be read");
    return;
  }
  what.to_worker = false;
  events_->on_backlog(std::move(what));
}

} // namespace bulkhead::runtime
