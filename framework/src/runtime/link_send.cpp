// The sending half of a link: messages and notices become records.

#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/handle_scan.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"

#include <caf/actor_registry.hpp>
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

caf::error as_error(transport::outbox::outcome result, size_t bytes, const caf::message& content) {
  using outcome = transport::outbox::outcome;
  switch (result) {
    case outcome::full:
      return caf::make_error(errc::mailbox_full, explain(errc::mailbox_full));
    case outcome::too_large:
      return caf::make_error(errc::message_too_large, transport::type_names(content), bytes);
    default:
      return caf::make_error(errc::shutting_down);
  }
}

constexpr size_t reason_bytes_max = 1024;

struct held_message {
  caf::strong_actor_ptr receiver;
  caf::mailbox_element_ptr what;
};

/// Where messages of the current thread wait, and for which link.
thread_local link* held_link = nullptr;
thread_local std::vector<held_message>* held_messages = nullptr;

} // namespace

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
  if (what->payload.match_elements<caf::exit_msg>())
    return forward_exit(to, *what);
  if (closed_)
    return refuse(*what, end_reason_, context);
  envelope head{to.target().actor, 0, what->mid.integer_value(), to.target().process, 0};
  if (what->sender) {
    auto source = router_.address_of(*what->sender);
    if (source) {
      head.source = source->actor;
      head.source_process = source->process;
    } else if (what->mid.is_request()) {
      // The answer could not find its way back.
      return refuse(*what, caf::make_error(errc::no_route, to_string(what->sender)), context);
    }
  }
  return send_message(head, *what, context);
}

bool link::send_message(const envelope& head, caf::mailbox_element& what, caf::execution_unit* context) {
  borrowed_buffer body;
  uint16_t flags = 0;
  if (auto failed = transport::encode(&router_.context(), what, body.buffer, flags)) {
    if (what.mid.is_response()) {
      send_error_response(head, std::move(failed));
      return true;
    }
    return refuse(what, std::move(failed), context);
  }
  note_exports(head, what, body.buffer);
  auto tracked = router_.is_host() && what.mid.is_request() && what.sender;
  auto key = request_key{head.source_process, head.source, what.mid.request_id().integer_value()};
  if (tracked)
    pending_.insert(key, what.mid, what.sender);
  auto admit = what.mid.is_response() ? admission::guaranteed : admission::bounded;
  auto result = outbox_->send(record_kind::message, flags, head, body.buffer, admit);
  if (outbox_->corrupt())
    found_corrupt("a cursor in its region is impossible");
  if (result == outcome::accepted)
    return true;
  // If the link was closed meanwhile, whoever takes the entry out answers.
  if (tracked && !pending_.erase(key))
    return false;
  if (what.mid.is_response() && result == outcome::too_large) {
    send_error_response(head, as_error(result, body.buffer.size(), what.payload));
    return true;
  }
  auto reason = result == outcome::closed ? end_reason_ : as_error(result, body.buffer.size(), what.payload);
  return refuse(what, std::move(reason), context);
}

bool link::refuse(caf::mailbox_element& what, caf::error reason, caf::execution_unit* context) {
  if (what.mid.is_request() && what.sender)
    answer(what.sender, what.mid, std::move(reason), context);
  else
    ++dropped_;
  return false;
}

void link::answer(const caf::strong_actor_ptr& requester, caf::message_id request, caf::error reason,
                  caf::execution_unit* context) {
  requester->enqueue(caf::make_mailbox_element(nullptr, request.response_id(), {}, std::move(reason)), context);
}

caf::error link::after_end(const caf::error& reason) {
  return reason == errc::worker_lost ? reason : caf::make_error(caf::sec::request_receiver_down);
}

void link::send_error_response(const envelope& head, caf::error reason) {
  caf::mailbox_element what{nullptr, caf::make_message_id(head.word), {}, caf::make_message(std::move(reason))};
  caf::byte_buffer body;
  uint16_t flags = 0;
  if (!transport::encode(&router_.context(), what, body, flags))
    (void) outbox_->send(record_kind::message, flags, head, body, admission::guaranteed);
}

// Exit messages that CAF sends because of a link stay here: the other process has its half of the link and learns of the
// end by a down. Only those that somebody sent on purpose travel; they overtake data, as they do in a local mailbox.
bool link::forward_exit(caf_proxy& to, caf::mailbox_element& what) {
  if (!what.is_high_priority())
    return true;
  if (closed_)
    return false;
  auto& content = what.payload.get_as<caf::exit_msg>(0);
  envelope head{to.target().actor, 0, 0, to.target().process, 0};
  if (content.source) {
    if (auto source = router_.address_of(*content.source.get())) {
      head.source = source->actor;
      head.source_process = source->process;
    }
  }
  auto body = transport::encode_reason(&router_.context(), content.reason, reason_bytes_max);
  return outbox_->send_control(record_kind::exit, head, body) == outcome::accepted;
}

// A handle that leaves this process keeps its actor alive here until the peer says that it has dropped it.
void link::note_exports(const envelope& head, const caf::mailbox_element& what, const caf::byte_buffer& body) {
  if (what.sender && head.source_process != peer_)
    export_to_peer({head.source_process, head.source}, what.sender);
  for_each_handle(what.payload, body, router_.key(), [this](const wire_address& who) {
    if (who.process != peer_)
      if (auto actor = router_.find(who))
        export_to_peer(who, actor);
  });
}

void link::export_to_peer(const wire_address& who, const caf::strong_actor_ptr& actor) {
  if (!router_.exports().note(who, actor, peer_, outbox_->accepted() + 1))
    return;
  if (who.process == router_.self())
    router_.system().registry().put(actor->aid, actor);
  report_end(who, actor);
}

void link::report_end(const wire_address& who, const caf::strong_actor_ptr& actor) {
  {
    std::lock_guard guard{watched_mutex_};
    if (!watched_.emplace(who.process, who.actor).second)
      return;
  }
  actor->get()->attach_functor([self = weak_from_this(), who](const caf::error& reason) {
    auto strong = self.lock();
    if (!strong)
      return;
    {
      std::lock_guard guard{strong->watched_mutex_};
      strong->watched_.erase({who.process, who.actor});
    }
    strong->router_.exports().ended(who, reason);
    if (!strong->closed_)
      strong->send_with_reason(record_kind::down, envelope{0, who.actor, 0, 0, who.process}, reason);
  });
}

void link::send_plain(record_kind kind, const envelope& head) {
  if (!closed_)
    (void) outbox_->send(kind, 0, head, {}, admission::guaranteed);
}

void link::send_with_reason(record_kind kind, const envelope& head, const caf::error& reason) {
  if (closed_)
    return;
  auto body = transport::encode_reason(&router_.context(), reason, reason_bytes_max);
  (void) outbox_->send(kind, 0, head, body, admission::guaranteed);
}

void link::watch(const wire_address& who) {
  send_plain(record_kind::watch, {who.actor, 0, 0, who.process, 0});
}

bool link::release(const wire_address& who) {
  if (closed_)
    return true;
  if (!inbox_->no_open_streams() || outbox_->has_waiting())
    return false;
  send_plain(record_kind::release, {who.actor, 0, inbox_->completed(), who.process, 0});
  return true;
}

void link::release_root(uint64_t root, uint64_t local) {
  if (closed_ || !inbox_->no_open_streams() || outbox_->has_waiting())
    return;
  send_plain(record_kind::release, {local, 0, inbox_->completed(), peer_, 0});
  send_plain(record_kind::release, {root, 0, inbox_->completed(), transport::host_process, 0});
}

void link::link_later(const wire_address& target, caf::strong_actor_ptr observer) {
  if (closed_)
    return;
  router_.post([self = shared_from_this(), target, observer = std::move(observer)] {
    auto source = self->router_.address_of(*observer);
    if (!source || self->closed_)
      return;
    self->export_to_peer(*source, observer);
    self->send_plain(record_kind::link, {target.actor, source->actor, 0, target.process, source->process});
  });
}

void link::unlink(const wire_address& target, const caf::actor_control_block& observer) {
  if (auto source = router_.address_of(observer))
    send_plain(record_kind::unlink, {target.actor, source->actor, 0, target.process, source->process});
}

void link::spawn(uint64_t root, transport::spawn_request& what) {
  caf::byte_buffer body;
  if (auto failed = transport::encode(&router_.context(), what, body)) {
    events_->on_spawned(root, std::move(failed));
    return;
  }
  for_each_handle(what.arguments, body, router_.key(), [this](const wire_address& who) {
    if (auto actor = router_.find(who))
      export_to_peer(who, actor);
  });
  auto result = outbox_->send(record_kind::spawn, 0, {root, 0, 0, peer_, 0}, body, admission::guaranteed);
  if (result != outcome::accepted)
    events_->on_spawned(root, as_error(result, body.size(), what.arguments));
}

void link::rooted(uint64_t root, uint64_t local) {
  send_plain(record_kind::rooted, {root, local, 0, 0, router_.self()});
}

void link::spawned(uint64_t root, const caf::error& reason) {
  send_with_reason(record_kind::spawned, {root, 0, 0, 0, router_.self()}, reason);
}

void link::stop() {
  if (!closed_)
    (void) outbox_->send_control(record_kind::stop, {}, {});
}

} // namespace bulkhead::runtime
