// What a link tells about actors besides their messages: handles that leave, ends, links, spawns.

#include "bulkhead/runtime/caf_registry.hpp"
#include "bulkhead/runtime/handle_scan.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>

namespace bulkhead::runtime {

using transport::envelope;
using transport::record_kind;

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
  if (router_.exports().note(who, actor, peer_, outbox_->accepted() + 1)) {
    if (who.process == router_.self())
      pin(actor);
    report_end(who, actor);
  }
  // The peer's end may have passed by in the meantime: then nobody else will let go of the actor.
  if (closed_)
    for (auto& held : router_.exports().forget(peer_))
      router_.unpin(std::move(held));
}

void link::report_end(const wire_address& who, const caf::strong_actor_ptr& actor) {
  {
    std::lock_guard guard{watched_mutex_};
    if (!watched_.emplace(who.process, who.actor).second)
      return;
  }
  auto& registry = router_.system().registry();
  auto is_local = who.process == router_.self();
  actor->get()->attach_functor([self = weak_from_this(), who, is_local, &registry](const caf::error& reason) {
    if (is_local)
      registry.erase(who.actor);
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

// CAF calls this and `unlink` while it holds the locks of both actors. The records leave at once, so that they keep their
// order; what takes the observer's lock waits.
void link::link_to(const wire_address& target, const caf::strong_actor_ptr& observer) {
  auto source = router_.address_of(*observer);
  if (!source || closed_)
    return;
  if (router_.exports().note(*source, observer, peer_, outbox_->accepted() + 1)) {
    if (source->process == router_.self())
      pin(observer);
    router_.post([self = shared_from_this(), source = *source, observer] { self->report_end(source, observer); });
  }
  send_plain(record_kind::link, {target.actor, source->actor, 0, target.process, source->process});
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
    events_->on_spawned(root, as_refusal(result, body.size(), what.arguments));
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
