#include "bulkhead/runtime/departure.hpp"

#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/handle_scan.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/transport/attachments.hpp"

#include <caf/actor.hpp>
#include <caf/message.hpp>
#include <caf/monitorable_actor.hpp>

#include <utility>

namespace bulkhead::runtime {

namespace {

// An actor of this process that ended before anybody outside knew it: whoever gets the handle may still ask why.
void remember_end(const caf::strong_actor_ptr& actor, router& routes) {
  if (!actor || !actor->get()->getf(caf::abstract_actor::is_terminated_flag))
    return;
  auto who = routes.address_of(*actor);
  if (who && who->process == routes.self() && !routes.exports().reason_of(*who))
    routes.exports().ended(*who, static_cast<caf::monitorable_actor*>(actor->get())->fail_state());
}

} // namespace

// The peer needs nobody here to keep its own actors alive. A root of the peer is one of them.
bool departure::is_at_home_there(const caf::strong_actor_ptr& actor) const {
  auto proxy = as_proxy(actor);
  return proxy != nullptr && proxy->goes_through(link_);
}

void departure::add_source(const wire_address& who, const caf::strong_actor_ptr& actor, bool may_be_passed_on) {
  if (is_at_home_there(actor))
    return;
  source_may_be_passed_on_ = may_be_passed_on;
  source_who_ = who;
  source_ = &actor;
}

void departure::add_all(const caf::message& content, const caf::mailbox_element::forwarding_stack& stages,
                        const caf::byte_buffer& encoded) {
  auto& routes = link_.routes();
  for (auto& x : stages)
    remember_end(x, routes);
  for (size_t i = 0; i < content.size(); ++i) {
    if (content.match_element<caf::actor>(i))
      remember_end(caf::actor_cast<caf::strong_actor_ptr>(content.get_as<caf::actor>(i)), routes);
    else if (content.match_element<caf::strong_actor_ptr>(i))
      remember_end(content.get_as<caf::strong_actor_ptr>(i), routes);
  }
  if (!may_hold_handles(content, stages))
    return;
  for_each_handle(std::as_bytes(std::span{encoded}), routes.names(), [&](const wire_address& who) {
    if (who.process == link_.peer())
      return;
    auto actor = routes.find(who);
    if (!actor)
      return;
    if (is_at_home_there(actor))
      routes.exports().unpin_unless_held(who, actor);
    else
      travellers_.push_back({who, std::move(actor), false});
  });
}

bool departure::accepted(const transport::record_counts& number) {
  if (beside_ != nullptr)
    beside_->depart();
  auto& exports = link_.routes().exports();
  if (source_ != nullptr)
    source_first_ = exports.note(source_who_, *source_, link_.peer(), number, source_may_be_passed_on_);
  for (auto& x : travellers_)
    x.first = exports.note(x.who, x.actor, link_.peer(), number);
  return true;
}

std::shared_ptr<transport::descriptor_packet> departure::packet() const {
  return beside_ != nullptr ? beside_->packet() : nullptr;
}

void departure::depart() {
  if (source_first_)
    link_.report_end(source_who_, *source_);
  for (auto& x : travellers_)
    if (x.first)
      link_.report_end(x.who, x.actor);
  // The peer's end may have passed by in the meantime: then nobody else will let go of the actors.
  if (link_.closed() && (source_ != nullptr || !travellers_.empty()))
    (void) link_.routes().exports().forget(link_.peer());
}

} // namespace bulkhead::runtime
