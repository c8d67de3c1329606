#include "bulkhead/runtime/authority.hpp"

#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/handle_scan.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/transport/codec.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/action.hpp>
#include <caf/system_messages.hpp>

#include <algorithm>

namespace bulkhead::runtime {

namespace {

bool has_ended(const caf::strong_actor_ptr& actor) {
  return actor->get()->getf(caf::abstract_actor::is_terminated_flag);
}

template <class T>
constexpr bool is_one(caf::type_id_list types) noexcept {
  return types.size() == 1 && types[0] == caf::type_id_v<T>;
}

std::string text_of(const wire_address& who) {
  return "actor " + std::to_string(who.actor) + " of process " + std::to_string(who.process);
}

// The root that a record is about, under the host's name; 0 if it is about none.
uint64_t root_in(const transport::incoming& record) {
  if (record.kind == transport::record_kind::snapshot)
    return record.head.word;
  return authority::rights_of(record.kind).target == authority::target_rule::root ? record.head.target : 0;
}

std::string about(transport::record_kind kind) {
  return "a record '" + std::string{authority::rights_of(kind).name} + "'";
}

} // namespace

authority::standing authority::speaks_for(const wire_address& source, caf::message_id mid) {
  if (source.actor == 0 || source.process == link_.peer())
    return standing::speaks;
  if (mid.is_response())
    return standing::lies; // an actor answers from its own process
  if (mid.is_request())
    return delegates({source.process, source.actor, mid.request_id().integer_value()});
  if (routes_.exports().spend(source, link_.peer()) || owns(source))
    return standing::speaks;
  auto actor = routes_.find(source);
  return !actor || has_ended(actor) ? standing::anonymous : standing::lies;
}

authority::standing authority::delegates(const request_key& request) {
  // The worker owes no answer any more.
  if (open_.take(request)) {
    delegated_[next_delegated_++ % delegated_.size()] = request;
    return standing::speaks;
  }
  if (std::find(delegated_.begin(), delegated_.end(), request) != delegated_.end())
    return standing::speaks;
  for (auto left = late_.load(); left > 0;)
    if (late_.compare_exchange_weak(left, left - 1))
      return standing::late;
  return standing::lies;
}

bool authority::owns(const wire_address& source) const {
  return source.process == link_.peer()
         || (source.process == transport::host_process && events_.owns_root(source.actor));
}

bool authority::is_at_home(const caf::strong_actor_ptr& actor) const {
  auto proxy = as_proxy(actor);
  return proxy != nullptr && (proxy->goes_through(link_) || owns(proxy->target()));
}

std::optional<caf::strong_actor_ptr> authority::reach(const wire_address& who) const {
  if (who.process == link_.peer())
    return routes_.resolve(who);
  auto actor = routes_.find(who);
  // In this order: an actor that ends is out of the table once its flag is set.
  if (!actor || routes_.exports().holds(who, link_.peer()) || is_at_home(actor) || has_ended(actor))
    return actor;
  return std::nullopt;
}

bool authority::may_name(const wire_address& who) const {
  if (who.process == link_.peer() || routes_.exports().holds(who, link_.peer()))
    return true;
  auto actor = routes_.find(who);
  return !actor || is_at_home(actor) || has_ended(actor);
}

bool authority::tells_foreign_end(const caf::message& content) const {
  auto who = told_end(content);
  if (who == nullptr || !*who)
    return false;
  auto source = caf::actor_cast<caf::strong_actor_ptr>(*who);
  auto address = source ? routes_.address_of(*source) : std::nullopt;
  return source && !(address && owns(*address)) && !is_at_home(source);
}

std::string authority::objection_to(const transport::incoming& record) const {
  auto& what = rights_of(record.kind);
  if (!what.from_worker)
    return about(record.kind) + " comes from the host only";
  auto source = wire_address{record.head.source_process, record.head.source};
  auto own = source.process == link_.peer();
  auto allowed = what.source == source_rule::none || what.source == source_rule::speaker || own
                 || (what.source == source_rule::own_or_anonymous && source.actor == 0)
                 || (what.source == source_rule::own_or_root && source.process == transport::host_process);
  if (!allowed)
    return false_source(record);
  auto root = wire_address{transport::host_process, root_in(record)};
  if (root.actor != 0 && !events_.owns_root(root.actor) && routes_.find(root))
    return stranger(root);
  // Reasons and states of honest workers hold none.
  using kind = transport::record_kind;
  auto is_plain = record.kind == kind::down || record.kind == kind::exit || record.kind == kind::spawned
                  || record.kind == kind::snapshot;
  if (is_plain && holds_handle(record.body, routes_.names()))
    return about(record.kind) + " holds the handle of an actor";
  return {};
}

std::string authority::objection_to(const transport::incoming& record, const caf::message& content,
                                    const caf::mailbox_element::forwarding_stack& stages) const {
  if (is_of_runtime(caf::message_id{record.head.word}, content))
    return "a message holds " + transport::type_names(content) + ", which no process sends to another one";
  if (tells_foreign_end(content))
    return "a message tells the end of an actor that is not its own";
  std::string result;
  if (may_hold_handles(content, stages))
    for_each_handle(record.body, routes_.names(), [&](const wire_address& who) {
      if (result.empty() && !may_name(who))
        result = stranger(who);
    });
  return result;
}

std::string authority::stranger(const wire_address& who) {
  return "it names " + text_of(who) + ", whose handle it does not have";
}

std::string authority::false_source(const transport::incoming& record) {
  return about(record.kind) + " comes from " + text_of({record.head.source_process, record.head.source})
         + ", for which it does not speak";
}

bool authority::is_of_runtime(caf::message_id mid, const caf::message& content) noexcept {
  auto types = content.types();
  return mid.is_stream_message() || is_one<caf::exit_msg>(types) || is_one<caf::node_down_msg>(types)
         || is_one<caf::group_down_msg>(types) || is_one<caf::open_stream_msg>(types)
         || is_one<caf::upstream_msg>(types) || is_one<caf::downstream_msg>(types) || is_one<caf::action>(types);
}

const caf::actor_addr* authority::told_end(const caf::message& content) noexcept {
  return is_one<caf::down_msg>(content.types()) ? &content.get_as<caf::down_msg>(0).source : nullptr;
}

} // namespace bulkhead::runtime
