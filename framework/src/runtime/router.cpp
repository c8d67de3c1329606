#include "bulkhead/runtime/router.hpp"

#include "bulkhead/runtime/caf_node.hpp"
#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/caf_registry.hpp"
#include "bulkhead/runtime/link.hpp"

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

constexpr size_t remembered_dead_max = 1024;

class scheduler_unit final : public caf::execution_unit {
public:
  scheduler_unit(caf::actor_system& system, caf::proxy_registry& proxies) : caf::execution_unit(&system) {
    proxies_ = &proxies;
  }

  void exec_later(caf::resumable* job) override {
    system().scheduler().enqueue(job);
  }
};

} // namespace

router::router(caf::actor_system& system, transport::process_number self, const transport::system_key& key, loop& runs)
  : system_(system),
    self_(self),
    key_(key),
    loop_(runs),
    proxies_(system, *this),
    exports_(*this),
    reports_(
      std::make_shared<end_reports>([this](auto& who, auto& reason, auto& peers) { tell_end(who, reason, peers); })) {
  context_ = std::make_unique<scheduler_unit>(system, proxies_);
}

// CAF's registry would end whatever stands in it as if it were a proxy.
router::~router() {
  (void) take_all(proxies_);
}

void router::host_node(caf::node_id node) {
  std::lock_guard guard{mutex_};
  host_node_ = std::move(node);
}

caf::node_id router::node_of(transport::process_number process) const {
  if (process == self_)
    return system_.node();
  if (process == transport::host_process) {
    std::lock_guard guard{mutex_};
    return host_node_;
  }
  std::lock_guard guard{mutex_};
  if (auto i = links_.find(process); i != links_.end())
    return i->second->peer_node();
  return make_node(process, key_);
}

handle_names router::names() const {
  auto host = parts_of(node_of(transport::host_process));
  if (host && host->key == key_)
    host.reset();
  return {key_, host};
}

std::optional<transport::process_number> router::process_of(const caf::node_id& node) const {
  if (node == system_.node())
    return self_;
  if (auto number = number_of(node, key_))
    return number;
  std::lock_guard guard{mutex_};
  if (!is_host() && node == host_node_)
    return transport::host_process;
  return std::nullopt;
}

std::optional<wire_address> router::address_of(const caf::actor_control_block& actor) const {
  auto process = process_of(actor.nid);
  if (!process)
    return std::nullopt;
  return wire_address{*process, actor.aid};
}

std::optional<request_key> router::key_of(const caf::strong_actor_ptr& sender, caf::message_id mid) const {
  auto who = mid.is_request() && sender ? address_of(*sender) : std::nullopt;
  if (!who)
    return std::nullopt;
  return request_key{who->process, who->actor, mid.request_id().integer_value()};
}

caf::strong_actor_ptr router::resolve(const wire_address& who) {
  if (who.actor == 0)
    return nullptr;
  if (auto actor = find(who))
    return actor;
  return who.process == self_ ? nullptr : proxies_.get_or_put(node_of(who.process), who.actor);
}

caf::strong_actor_ptr router::find(const wire_address& who) {
  if (who.process == self_)
    if (auto actor = system_.registry().get(who.actor))
      return actor;
  return known(who);
}

caf::strong_actor_ptr router::known(const wire_address& who) const {
  std::lock_guard guard{mutex_};
  auto i = known_.find(who);
  return i != known_.end() ? i->second.lock() : nullptr;
}

bool router::knows(const wire_address& who) const {
  return known(who) != nullptr;
}

void router::attach(transport::process_number number, std::shared_ptr<link> via) {
  std::lock_guard guard{mutex_};
  links_[number] = std::move(via);
}

wire_address router::usual(const wire_address& who) const {
  auto actor = known(who);
  auto proxy = actor ? as_proxy(actor) : nullptr;
  return proxy != nullptr ? proxy->target() : who;
}

bool router::reaches(const link& via, const wire_address& who) const {
  auto actor = known(who);
  auto proxy = actor ? as_proxy(actor) : nullptr;
  return proxy != nullptr && proxy->goes_through(via);
}

void router::detach(transport::process_number number, const caf::error& reason) {
  std::shared_ptr<link> dropped;
  std::vector<ending> ends;
  {
    std::lock_guard guard{mutex_};
    if (auto i = links_.find(number); i != links_.end()) {
      dropped = std::move(i->second);
      links_.erase(i);
    }
    dead_[number] = reason;
    // Older ones are merely told that there is no route.
    if (dead_.size() > remembered_dead_max)
      dead_.erase(dead_.begin());
    for (auto i = known_.begin(); i != known_.end();) {
      if (i->first.process != number) {
        ++i;
        continue;
      }
      ends.push_back({i->second.lock(), {}});
      known_.erase(i++);
    }
    for (auto i = orphans_.begin(); i != orphans_.end();) {
      if (i->first.process != number) {
        ++i;
        continue;
      }
      ends.push_back({nullptr, std::move(i->second)});
      orphans_.erase(i++);
    }
  }
  for (auto& x : ends)
    end(std::move(x), reason);
  (void) take_all(proxies_);
  (void) exports_.forget(number);
  reports_->forget(number);
}

caf::error router::reason_of(const wire_address& who) const {
  if (auto reason = exports_.reason_of(who))
    return std::move(*reason);
  std::lock_guard guard{mutex_};
  auto i = dead_.find(who.process);
  return i != dead_.end() ? i->second : caf::make_error(caf::exit_reason::unknown);
}

void router::alias(const wire_address& who, const caf::strong_actor_ptr& actor) {
  std::lock_guard guard{mutex_};
  known_[who] = caf::actor_cast<caf::weak_actor_ptr>(actor);
}

void router::forget_alias(const wire_address& who) {
  std::lock_guard guard{mutex_};
  known_.erase(who);
}

void router::end(const wire_address& who, const caf::error& reason) {
  ending what;
  {
    std::lock_guard guard{mutex_};
    if (auto i = known_.find(who); i != known_.end()) {
      what.proxy = i->second.lock();
      known_.erase(i);
    }
    if (auto i = orphans_.find(who); i != orphans_.end()) {
      what.observers = std::move(i->second);
      orphans_.erase(i);
    }
  }
  forget(proxies_, node_of(who.process), who.actor);
  end(std::move(what), reason);
}

void router::end(ending what, const caf::error& reason) {
  if (what.proxy)
    if (auto proxy = as_proxy(what.proxy))
      proxy->kill_proxy(nullptr, reason);
  for (auto& first : what.observers)
    for (auto x = first.get(); x != nullptr; x = x->next.get())
      x->actor_exited(reason, nullptr);
}

void router::tell_end(const wire_address& who, const caf::error& reason, const end_reports::peer_list& peers) {
  exports_.ended(who, reason);
  for (auto peer : peers)
    if (auto via = link_to(peer))
      via->tell_end(who, reason);
}

void router::pin(const caf::strong_actor_ptr& actor) {
  if (actor->nid == system_.node())
    runtime::pin(actor);
}

void router::unpin(const caf::strong_actor_ptr& actor) {
  // With CAF's own network layer in the process an entry of the registry may be its as well: nothing tells whose.
  if (actor->nid == system_.node() && !system_.has_middleman())
    runtime::unpin(actor);
}

std::shared_ptr<link> router::link_to(transport::process_number process) const {
  std::lock_guard guard{mutex_};
  if (auto i = links_.find(process); i != links_.end())
    return i->second;
  // A worker has one way out.
  if (!is_host() && !links_.empty())
    return links_.begin()->second;
  return nullptr;
}

} // namespace bulkhead::runtime
