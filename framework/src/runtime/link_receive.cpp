// The receiving half of a link: records become messages and ends of actors.

#include "bulkhead/runtime/caf_mark.hpp"
#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/default_attachable.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>

namespace bulkhead::runtime {

using transport::envelope;
using transport::record_kind;

size_t link::poll(caf::execution_unit& unit, size_t records_max) {
  if (outbox_->has_waiting())
    outbox_->pump();
  if (outbox_->corrupt())
    found_corrupt("a cursor in its region is impossible");
  if (outbox_->ignored())
    found_corrupt("it does not read its control records");
  handled_log::batch batch;
  size_t count = 0;
  transport::incoming record;
  while (count < records_max && !corrupt_) {
    auto result = inbox_->next(record);
    if (result == transport::inbox::outcome::empty)
      break;
    if (result == transport::inbox::outcome::corrupt) {
      found_corrupt(inbox_->complaint());
      break;
    }
    ++count;
    dispatch(record, unit);
  }
  // Before any handler runs, so that a crash finds the records of this batch taken, and all others untouched.
  if (inbox_->publish_consumed())
    edge_->peer_bell.ring();
  return count;
}

// Returns whether the record says what the worker must not say.
bool link::objects(const std::string& complaint) {
  if (!complaint.empty())
    found_corrupt(complaint);
  return !complaint.empty();
}

void link::dispatch(const transport::incoming& record, caf::execution_unit& unit) {
  if (authority_ && objects(authority_->objection_to(record)))
    return;
  auto& head = record.head;
  auto target = wire_address{head.target_process, head.target};
  auto source = wire_address{head.source_process, head.source};
  switch (record.kind) {
  case record_kind::message:
    on_message(record, unit);
    break;
  case record_kind::watch:
    on_watch(target);
    break;
  case record_kind::down:
    on_down(source, transport::decode_reason(&unit, record.body));
    break;
  case record_kind::release:
    if (!router_.is_host() && target.process == transport::host_process) {
      events_->on_root_released(target.actor);
    } else {
      (void) router_.exports().release(target, peer_, {head.word, head.source});
      if (reached_)
        reached_->forget(target);
    }
    break;
  case record_kind::link:
    on_link(head);
    break;
  case record_kind::unlink:
    on_unlink(head);
    break;
  case record_kind::exit:
    on_exit(record, unit);
    break;
  case record_kind::spawn:
    on_spawn(record, unit);
    break;
  case record_kind::rooted:
    if (!events_->on_rooted(head.target, head.source))
      found_corrupt("it says twice which actor a root is");
    break;
  case record_kind::spawned:
    events_->on_spawned(head.target, transport::decode_reason(&unit, record.body));
    break;
  case record_kind::stop:
    events_->on_stop(head.word == 1);
    break;
  case record_kind::give_back:
    if (!lender_->give_back(head.target))
      found_corrupt("it returned a loan that it does not have");
    outbox_->descriptors_taken();
    break;
  case record_kind::forget_chunk:
    borrower_->forget(head.target);
    if (!borrower_->complaint().empty())
      found_corrupt(borrower_->complaint());
    break;
  case record_kind::handled:
    on_handled(record);
    break;
  case record_kind::demand:
    handled()->demand(head.word);
    break;
  case record_kind::report:
    on_report(record);
    break;
  case record_kind::waits:
    on_waits(record);
    break;
  case record_kind::give_up:
    on_give_up(record);
    break;
  case record_kind::freeze:
  case record_kind::thaw:
    events_->on_freeze(record.kind == record_kind::freeze);
    break;
  case record_kind::frozen:
    events_->on_frozen(head.word != 0);
    break;
  case record_kind::hand_over:
    events_->on_hand_over();
    break;
  case record_kind::snapshot:
    events_->on_snapshot(router_.is_host() ? head.word : head.target, record.body);
    break;
  case record_kind::lapse:
    on_lapse(record);
    break;
  case record_kind::piece:
    break; // the inbox hands out wholes only
  }
}

caf::strong_actor_ptr link::resolve(const wire_address& who) {
  return resolved_->get(who, [this](auto& x) { return router_.resolve(x); });
}

// Whom a record is for. Null if that actor has ended, or if the worker names one that it cannot know: then it is corrupt.
caf::strong_actor_ptr link::reach(const wire_address& who) {
  if (!authority_)
    return resolved_->get(who, [this](auto& x) { return router_.find(x); });
  return reached_->get(who, [this](auto& x) -> caf::strong_actor_ptr {
    auto found = authority_->reach(x);
    if (!found)
      found_corrupt(authority::stranger(x));
    return found.value_or(nullptr);
  });
}

void link::on_message(const transport::incoming& record, caf::execution_unit& unit) {
  auto mid = caf::message_id{record.head.word};
  caf::tracing_data_ptr mark;
  if (!mid.is_response()) {
    // What the host passes on has its own limits.
    if (!handled()->arrived(record.body.size()) && router_.is_host())
      found_corrupt("it sent more messages than its limits allow");
    // However this message ends.
    mark = make_mark(handled(), {record.head.source_process, record.head.source}, record.head.ticket,
                     record.body.size(), record.flags >> transport::flag_deaths_shift);
  }
  // First, whoever it is for: what nobody takes must go back.
  transport::incoming_attachments beside;
  auto body = record.body;
  auto failed = open_attachments(record, body, beside);
  if (corrupt_)
    return;
  auto& head = record.head;
  auto id = mid.request_id().integer_value();
  auto source = wire_address{head.source_process, head.source};
  if (authority_) {
    switch (authority_->speaks_for(source, mid)) {
    case authority::standing::speaks:
      break;
    case authority::standing::anonymous:
      source = {};
      break;
    case authority::standing::late:
      count_dropped();
      return;
    case authority::standing::lies:
      found_corrupt(authority::false_source(record));
      return;
    }
  }
  caf::strong_actor_ptr receiver;
  std::optional<open_request> answered;
  if (!authority_) {
    // All that arrives in a worker is for one of its own actors.
    receiver = reach({head.target_process, head.target});
    if (receiver && mid.is_response())
      (void) pending_.take({router_.self(), receiver->aid, id});
  } else if (mid.is_response()) {
    // A response that nobody waits for, be it late or invented, ends here.
    answered = pending_.take({head.target_process, head.target, id});
    if (!answered)
      return;
    receiver = answered->requester;
    mid = answered->mid.response_id();
  } else {
    receiver = reach({head.target_process, head.target});
    if (corrupt_)
      return;
  }
  auto sender = resolve(source);
  if (sender && mid.is_request() && source.process == peer_)
    if (auto proxy = as_proxy(sender); proxy != nullptr && proxy->slot())
      mid = proxy->slot()->tagged(mid);
  if (!receiver) {
    if (mid.is_request() && sender)
      answer(sender, mid, after_end(router_.reason_of({head.target_process, head.target})), &unit);
    return;
  }
  caf::mailbox_element::forwarding_stack stages;
  caf::message content;
  if (!failed)
    failed = transport::decode(&unit, record.flags, body, &beside, stages, content);
  if (failed) {
    if (mid.is_request() && sender)
      answer(sender, mid, std::move(failed), &unit);
    else if (mid.is_response())
      receiver->enqueue(caf::make_mailbox_element(nullptr, mid, {}, std::move(failed)), &unit);
    else
      count_dropped();
    return;
  }
  if (authority_ && objects(authority_->objection_to(record, content, stages))) {
    if (answered) // by the end of the worker
      pending_.insert({head.target_process, head.target, id}, std::move(*answered));
    return;
  }
  auto element = caf::make_mailbox_element(std::move(sender), mid, std::move(stages), std::move(content));
  element->tracing_id = std::move(mark);
  receiver->enqueue(std::move(element), &unit);
}

void link::on_spawn(const transport::incoming& record, caf::execution_unit& unit) {
  transport::incoming_attachments beside;
  auto body = record.body;
  auto failed = open_attachments(record, body, beside);
  transport::spawn_request what;
  if (!failed)
    failed = transport::decode(&unit, body, &beside, what);
  if (failed)
    spawned(record.head.target, failed);
  else
    events_->on_spawn(record.head.target, std::move(what), unit);
}

caf::error link::open_attachments(const transport::incoming& record, std::span<const std::byte>& body,
                                  transport::incoming_attachments& beside) {
  using found = transport::borrower::outcome;
  if ((record.flags & transport::flag_has_attachments) == 0)
    return {};
  switch (borrower_->open(body, shared_from_this(), beside)) {
  case found::opened:
    return {};
  case found::no_room:
    return caf::make_error(errc::resources_exhausted,
                           "no descriptor or address space is left for what came with a message");
  default:
    found_corrupt(borrower_->complaint());
    return caf::make_error(errc::decode_failed);
  }
}

void link::on_watch(const wire_address& who) {
  if (auto actor = reach(who))
    report_end(who, actor);
  else if (!corrupt_)
    send_with_reason(record_kind::down, envelope{0, who.actor, 0, 0, who.process}, router_.reason_of(who));
}

void link::on_down(const wire_address& who, caf::error reason) {
  if (router_.is_host() && who.process == transport::host_process) {
    // A root is known under the host's name for it.
    if (events_->owns_root(who.actor))
      events_->on_root_down(who.actor, reason);
    else if (router_.find(who))
      found_corrupt(authority::stranger(who));
    return;
  }
  // A supervised root's own name for itself is one of the handle's names, and what becomes of that its slot decides.
  if (auto known = router_.find(who); router_.is_host() && known)
    if (auto proxy = as_proxy(known); proxy != nullptr && proxy->slot())
      return;
  router_.end(who, reason);
}

void link::on_link(const envelope& head) {
  auto target = reach({head.target_process, head.target});
  if (corrupt_)
    return;
  auto source = router_.resolve({head.source_process, head.source});
  if (!target || !source)
    return;
  if (auto proxy = as_proxy(target))
    proxy->link_there(source); // in another worker: that one needs its half of the link
  else
    source->get()->attach(caf::default_attachable::make_link(caf::actor_addr{source->get()->address()},
                                                             caf::actor_addr{target->get()->address()}));
}

void link::on_unlink(const envelope& head) {
  auto target = reach({head.target_process, head.target});
  if (corrupt_)
    return;
  // Its proxy may be gone, but not what waits for its end.
  auto source = router_.resolve({head.source_process, head.source});
  if (!target || !source)
    return;
  if (auto proxy = as_proxy(target)) {
    proxy->unlink_there(*source);
    return;
  }
  using token = caf::default_attachable::observe_token;
  source->get()->detach(token{target->get()->address(), caf::default_attachable::link});
  target->get()->detach(token{source->get()->address(), caf::default_attachable::link});
}

void link::on_exit(const transport::incoming& record, caf::execution_unit& unit) {
  auto address = wire_address{record.head.target_process, record.head.target};
  auto target = reach(address);
  if (!target)
    return;
  auto source = router_.find({record.head.source_process, record.head.source});
  caf::exit_msg content{source ? source->get()->address() : caf::actor_addr{},
                        transport::decode_reason(&unit, record.body)};
  target->enqueue(caf::make_mailbox_element(std::move(source), caf::make_message_id(caf::message_priority::high), {},
                                            std::move(content)),
                  &unit);
}

} // namespace bulkhead::runtime
