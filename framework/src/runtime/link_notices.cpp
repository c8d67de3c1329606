// What a link tells about actors besides their messages: handles that leave, ends, links, spawns.

#include "bulkhead/runtime/departure.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"

#include <utility>

namespace bulkhead::runtime {

using transport::envelope;
using transport::record_kind;

void link::report_end(const wire_address& who, const caf::strong_actor_ptr& actor) {
  router_.reports().add(who, actor, peer_);
  if (closed_) // the link may have been closed in between
    router_.reports().forget(peer_);
}

void link::tell_end(const wire_address& who, const caf::error& reason) {
  send_with_reason(record_kind::down, envelope{0, who.actor, 0, 0, who.process}, reason);
}

void link::send_plain(record_kind kind, const envelope& head) {
  if (!closed_)
    (void) outbox_->send(kind, 0, head, {});
}

void link::send_with_reason(record_kind kind, const envelope& head, const caf::error& reason) {
  if (closed_)
    return;
  (void) outbox_->send(kind, 0, head, encoded_reason(reason));
}

// A reason hands on no handles: one that holds some travels as its text.
caf::byte_buffer link::encoded_reason(const caf::error& reason) {
  auto result = transport::encode_reason(&router_.context(), reason, reason_bytes_max);
  if (holds_handle(std::as_bytes(std::span{result}), router_.names()))
    return transport::encode_reason_as_text(&router_.context(), reason, reason_bytes_max);
  return result;
}

void link::watch(const wire_address& who) {
  send_plain(record_kind::watch, {who.actor, 0, 0, who.process, 0});
}

bool link::release(const wire_address& who, uint64_t local) {
  if (closed_)
    return true;
  if (!try_read())
    return closed_;
  // The count of what was read speaks for complete records only, and what was sent before must arrive before.
  auto possible = inbox_->no_open_streams() && !outbox_->has_waiting();
  if (possible) {
    if (local != 0)
      release_one({peer_, local});
    release_one(who);
  }
  done_reading();
  return possible;
}

void link::release_one(const wire_address& who) {
  if (router_.knows(who))
    return;
  auto& read = inbox_->completed();
  send_plain(record_kind::release, {who.actor, read.urgent, read.data, who.process, 0});
}

// CAF calls this and `unlink` while it holds the locks of both actors. The records leave at once, so that they keep their
// order; what takes the observer's lock waits.
void link::link_to(const wire_address& target, const caf::strong_actor_ptr& observer) {
  auto source = router_.address_of(*observer);
  if (!source || closed_)
    return;
  departure leaving{*this};
  leaving.add_source(*source, observer, false);
  envelope head{target.actor, source->actor, 0, target.process, source->process};
  (void) outbox_->send(record_kind::link, 0, head, {}, &leaving);
  router_.the_loop().post(
    [self = shared_from_this(), source = *source, observer] { self->report_end(source, observer); });
}

// The peer may have given the observer's handle back, and finds what waits for its end by it.
void link::unlink(const wire_address& target, const caf::actor_control_block& observer) {
  auto source = router_.address_of(observer);
  if (!source || closed_)
    return;
  auto holder = caf::strong_actor_ptr{const_cast<caf::actor_control_block*>(&observer)};
  departure leaving{*this};
  leaving.add_source(*source, holder, false);
  envelope head{target.actor, source->actor, 0, target.process, source->process};
  (void) outbox_->send(record_kind::unlink, 0, head, {}, &leaving);
}

void link::spawn(uint64_t root, transport::spawn_request& what) {
  caf::byte_buffer body;
  uint16_t flags = 0;
  transport::outgoing_attachments beside{*lender_};
  if (auto failed = transport::encode(&router_.context(), what, body, flags, &beside)) {
    events_->on_spawned(root, std::move(failed));
    return;
  }
  departure leaving{*this, &beside};
  leaving.add_all(what.arguments, {}, body);
  const auto bytes = body.size();
  auto result = outbox_->send(record_kind::spawn, flags, {root, 0, 0, peer_, 0}, std::move(body), &leaving);
  leaving.depart();
  if (result != outcome::accepted)
    events_->on_spawned(root, as_refusal(result, bytes, what.arguments, beside));
}

void link::rooted(uint64_t root, uint64_t local) {
  send_plain(record_kind::rooted, {root, local, 0, 0, router_.self()});
}

void link::spawned(uint64_t root, const caf::error& reason) {
  send_with_reason(record_kind::spawned, {root, 0, 0, 0, router_.self()}, reason);
}

bool link::trim(uint64_t before_ns) {
  if (closed_)
    return false;
  for (auto chunk : lender_->trim(before_ns))
    send_plain(record_kind::forget_chunk, {chunk, 0, 0, 0, 0});
  return lender_->has_idle();
}

// On any thread: wherever the last copy of a payload goes.
void link::return_loan(uint64_t loan) {
  if (!closed_)
    (void) outbox_->send_control(record_kind::give_back, {loan, 0, 0, 0, 0}, {});
}

void link::tell(record_kind what, uint64_t word) {
  if (what == record_kind::frozen)
    send_plain(what, {0, 0, word, 0, 0});
  else if (!closed_)
    (void) outbox_->send_control(what, {0, 0, word, 0, 0}, {});
}

// A worker's is ordered as if it were for everybody to whom the actor sends; the host's stands before the spawn of its root.
caf::error link::snapshot(uint64_t root, const caf::actor_control_block* actor, caf::byte_buffer&& encoded) {
  if (closed_)
    return caf::make_error(errc::shutting_down);
  auto bytes = encoded.size();
  auto result = outcome::closed;
  if (actor == nullptr)
    result = outbox_->send(record_kind::snapshot, 0, {root, 0, 0, peer_, 0}, std::move(encoded));
  else if (auto source = router_.address_of(*actor))
    result =
      outbox_->send_newest(record_kind::snapshot, {0, source->actor, root, 0, source->process}, std::move(encoded));
  if (outbox_->corrupt())
    found_corrupt("a cursor in its region is impossible");
  if (result == outcome::too_large)
    return caf::make_error(errc::message_too_large, "(a snapshot)", bytes);
  return result == outcome::accepted ? caf::error{} : caf::make_error(errc::shutting_down);
}

} // namespace bulkhead::runtime
