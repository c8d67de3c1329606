// The sending half of a link: messages and notices become records.

#include "bulkhead/runtime/caf_ledger_mark.hpp"
#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/departure.hpp"
#include "bulkhead/runtime/link_hold.hpp"
#include "bulkhead/runtime/router.hpp"

#include <caf/actor_system.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace bulkhead::runtime {

using transport::envelope;
using transport::record_kind;

namespace {

// Each thread keeps one buffer; it is moved out while in use, so that an inspect overload that sends messages itself
// gets another one.
thread_local caf::byte_buffer spare_buffer;

class borrowed_buffer {
public:
  borrowed_buffer() : buffer(std::move(spare_buffer)) {
    buffer.clear();
  }
  ~borrowed_buffer() {
    if (buffer.capacity() <= kept_bytes_max)
      spare_buffer = std::move(buffer);
  }
  borrowed_buffer(const borrowed_buffer&) = delete;
  borrowed_buffer& operator=(const borrowed_buffer&) = delete;

  caf::byte_buffer buffer;

private:
  static constexpr size_t kept_bytes_max = size_t{1} << 20;
};

struct held_message {
  caf::strong_actor_ptr receiver;
  caf::mailbox_element_ptr what;
};

/// Where messages of the current thread wait, and for which link.
thread_local link* held_link = nullptr;
thread_local std::vector<held_message>* held_messages = nullptr;

} // namespace

caf::error link::as_refusal(outcome result, size_t bytes, const caf::message& content,
                            const transport::outgoing_attachments& beside) {
  switch (result) {
  case outcome::too_large:
    return caf::make_error(errc::message_too_large, transport::type_names(content), bytes);
  case outcome::refused:
    return caf::make_error(errc::resources_exhausted, beside.packet() ? beside.packet()->complaint() : std::string{});
  default:
    return caf::make_error(errc::shutting_down);
  }
}

link::hold::hold(link& what) : link_(what) {
  held_link = &what;
  held_messages = new std::vector<held_message>;
}

link::hold::~hold() {
  std::unique_ptr<std::vector<held_message>> messages{std::exchange(held_messages, nullptr)};
  held_link = nullptr;
  for (auto& x : *messages)
    (void) x.receiver->enqueue(std::move(x.what), &link_.router_.context());
}

bool link::forward(caf_proxy& to, caf::mailbox_element_ptr what, caf::execution_unit* context) {
  if (held_link == this) {
    held_messages->push_back({caf::strong_actor_ptr{to.ctrl()}, std::move(what)});
    return true;
  }
  if (auto types = what->payload.types(); types.size() == 1 && types[0] == caf::type_id_v<caf::exit_msg>)
    return forward_exit(to, *what);
  if (closed_)
    return refuse(*what, end_reason_, context);
  if (authority::is_of_runtime(what->mid, what->payload) || tells_foreign_end(what->payload))
    return refuse(
      *what,
      caf::make_error(errc::encode_failed, transport::type_names(what->payload),
                      "streams, and the ends of actors of other processes, do not travel: send a message of "
                      "your own that says it"),
      context);
  envelope head{to.target().actor, 0, what->mid.integer_value(), to.target().process, 0};
  if (!fill_head(head, *what))
    return refuse(*what, caf::make_error(errc::no_route, to_string(what->sender)), context);
  return send_message(to, head, what, false, context);
}

// The host believes of a worker's actors only what their own process says.
bool link::tells_foreign_end(const caf::message& content) const {
  if (router_.is_host())
    return false;
  auto who = authority::told_end(content);
  auto source = who != nullptr ? caf::actor_cast<caf::strong_actor_ptr>(*who) : nullptr;
  return source && as_proxy(source) != nullptr;
}

// Returns false if an answer could not find its way back.
bool link::fill_head(envelope& head, const caf::mailbox_element& what) {
  if (!what.sender)
    return true;
  auto source = router_.address_of(*what.sender);
  if (!source)
    return !what.mid.is_request();
  head.source = source->actor;
  head.source_process = source->process;
  return true;
}

// `unparked`: it has waited for room, and was the next in order.
bool link::send_message(caf_proxy& to, envelope head, caf::mailbox_element_ptr& what, bool unparked,
                        caf::execution_unit* context) {
  borrowed_buffer body;
  uint16_t flags = 0;
  transport::outgoing_attachments beside{*lender_};
  if (auto failed = transport::encode(&router_.context(), *what, body.buffer, flags, &beside)) {
    if (what->mid.is_response()) {
      send_error_response(head, std::move(failed));
      return true;
    }
    return refuse(*what, std::move(failed), context);
  }
  auto who = flow{{head.source_process, head.source}, to.target()};
  // The mark itself moves into the books of this link, and goes with them.
  auto booking = booking_copy(what->tracing_id.get());
  flags |= static_cast<uint16_t>(booking.where.deaths << transport::flag_deaths_shift);
  if (!what->mid.is_response() && !admit(to, who, body.buffer.size(), unparked, what, head.ticket, context))
    return false;
  if (!what)
    return true; // it waits
  if (booking.books)
    booking.books->booked(booking.where, head.ticket, body.buffer.size() + beside.payload_bytes());
  departure leaving{*this, &beside};
  if (what->sender && head.source_process != peer_)
    leaving.add_source({head.source_process, head.source}, what->sender,
                       !what->mid.is_request() && !what->mid.is_response());
  leaving.add_all(what->payload, what->stages, body.buffer);
  // A worker's own requests fail with the worker; there they are kept for the search for circles only.
  auto tracked = what->mid.is_request() && what->sender && (router_.is_host() || !as_proxy(what->sender));
  auto key = request_key{head.source_process, head.source, what->mid.request_id().integer_value()};
  if (tracked) {
    auto& loop = router_.the_loop();
    pending_.insert(key, {what->mid, what->sender, to.target(), head.ticket, loop.handled_request()});
    loop.request_made();
  }
  auto result = what->mid.is_urgent_message()
                  ? outbox_->send_urgent(flags, head, std::move(body.buffer), &leaving)
                  : outbox_->send(record_kind::message, flags, head, std::move(body.buffer), &leaving);
  leaving.depart();
  if (outbox_->corrupt())
    found_corrupt("a cursor in its region is impossible");
  if (result == outcome::accepted)
    return true;
  if (head.ticket != 0)
    if (auto left = backlog_->leave({&head.ticket, 1}))
      tell_demand(left->demand);
  // If the link was closed meanwhile, whoever takes the entry out answers.
  if (tracked && !pending_.take(key))
    return false;
  if (booking.survives())
    return true;
  if (what->mid.is_response() && result != outcome::closed) {
    send_error_response(head, as_refusal(result, body.buffer.size(), what->payload, beside));
    return true;
  }
  auto reason = result == outcome::closed ? end_reason_ : as_refusal(result, body.buffer.size(), what->payload, beside);
  return refuse(*what, std::move(reason), context);
}

// What a ledger has taken back waits there for another link: its process is dead, whether this link knows it yet or not.
bool link::refuse(caf::mailbox_element& what, caf::error reason, caf::execution_unit* context) {
  if (booking_copy(what.tracing_id.get()).survives())
    return true;
  if (what.mid.is_request() && what.sender)
    answer(what.sender, what.mid, std::move(reason), context);
  else
    count_dropped();
  return false;
}

void link::answer(const caf::strong_actor_ptr& requester, caf::message_id request, caf::error reason,
                  caf::execution_unit* context) {
  requester->enqueue(caf::make_mailbox_element(nullptr, request.response_id(), {}, std::move(reason)), context);
}

caf::error link::after_end(const caf::error& reason) {
  return death_of(reason) ? reason : caf::make_error(caf::sec::request_receiver_down);
}

void link::send_error_response(const envelope& head, caf::error reason) {
  caf::mailbox_element what{nullptr, caf::message_id{head.word}, {}, caf::make_message(std::move(reason))};
  caf::byte_buffer body;
  uint16_t flags = 0;
  if (!transport::encode(&router_.context(), what, body, flags, nullptr))
    (void) outbox_->send(record_kind::message, flags, head, std::move(body));
}

// Exit messages that CAF sends because of a link stay here: the other process has its half of the link and learns of the
// end by a down. Only those that somebody sent on purpose travel, and only who has not ended can do that.
bool link::forward_exit(caf_proxy& to, caf::mailbox_element& what) {
  auto& content = what.payload.get_as<caf::exit_msg>(0);
  auto sender = caf::actor_cast<caf::strong_actor_ptr>(content.source);
  if (ends_link(to, what))
    return true;
  if (closed_)
    return false;
  envelope head{to.target().actor, 0, 0, to.target().process, 0};
  if (sender) {
    // A worker exits others in the name of its own actors only; one that it hands on has no source.
    if (auto source = router_.address_of(*sender); source && (router_.is_host() || source->process == router_.self())) {
      head.source = source->actor;
      head.source_process = source->process;
    }
  }
  auto body = encoded_reason(content.reason);
  return outbox_->send_control(record_kind::exit, head, body) == outcome::accepted;
}

} // namespace bulkhead::runtime
