#include "bulkhead/runtime/router.hpp"

#include "bulkhead/runtime/caf_node.hpp"
#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/caf_registry.hpp"
#include "bulkhead/runtime/link.hpp"

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/make_actor.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

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

router::router(caf::actor_system& system, transport::process_number self, const transport::system_key& key,
               std::function<void(std::function<void()>)> post)
  : system_(system), self_(self), key_(key), post_(std::move(post)), proxies_(system, *this) {
  context_ = std::make_unique<scheduler_unit>(system, proxies_);
}

router::~router() {
  drop_strays();
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

caf::strong_actor_ptr router::resolve(const wire_address& who) {
  if (who.actor == 0)
    return nullptr;
  if (who.process == self_)
    return system_.registry().get(who.actor);
  // In a worker, the host's name for one of its own roots. The registry of proxies cannot give such an entry back.
  if (!is_host() && who.process == transport::host_process)
    if (auto root = aliased(who))
      return *root;
  return proxies_.get_or_put(node_of(who.process), who.actor);
}

caf::strong_actor_ptr router::find(const wire_address& who) {
  if (who.process == self_)
    return system_.registry().get(who.actor);
  return proxies_.get(node_of(who.process), who.actor);
}

void router::attach(transport::process_number number, std::shared_ptr<link> via) {
  std::lock_guard guard{mutex_};
  links_[number] = std::move(via);
}

void router::detach(transport::process_number number, const caf::error& reason) {
  std::shared_ptr<link> dropped;
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
  }
  auto node = node_of(number);
  drop_strays();
  for (auto& proxy : proxies_.get_all(node))
    if (proxy)
      proxies_.erase(node, proxy->aid, reason);
  {
    std::lock_guard guard{mutex_};
    for (auto i = aliases_.begin(); i != aliases_.end();)
      i->first.process == number ? aliases_.erase(i++) : static_cast<void>(++i);
  }
  for (auto& actor : exports_.forget(number))
    unpin(std::move(actor));
}

void router::alias(const wire_address& who, const caf::strong_actor_ptr& root) {
  std::lock_guard guard{mutex_};
  aliases_[who] = caf::actor_cast<caf::weak_actor_ptr>(root);
}

std::optional<caf::strong_actor_ptr> router::aliased(const wire_address& who) const {
  std::lock_guard guard{mutex_};
  auto i = aliases_.find(who);
  if (i == aliases_.end())
    return std::nullopt;
  return i->second.lock();
}

void router::forget_alias(const wire_address& who) {
  std::lock_guard guard{mutex_};
  aliases_.erase(who);
}

void router::end_proxy(const wire_address& who, caf::error reason) {
  drop_strays();
  proxies_.erase(node_of(who.process), who.actor, std::move(reason));
}

void router::drop_strays() {
  if (!has_strays_)
    return;
  std::vector<wire_address> strays;
  {
    std::lock_guard guard{mutex_};
    strays.swap(strays_);
    has_strays_ = false;
  }
  for (auto& who : strays)
    forget(proxies_, node_of(who.process), who.actor);
}

void router::unpin(caf::strong_actor_ptr actor) {
  // With CAF's own network layer in the process an entry of the registry may be its as well: nothing tells whose.
  if (actor && actor->nid == system_.node() && !system_.has_middleman())
    runtime::unpin(actor);
}

void router::sweep() {
  if (system_.has_middleman())
    return;
  std::vector<transport::process_number> processes;
  {
    std::lock_guard guard{mutex_};
    for (auto& entry : links_)
      processes.push_back(entry.first);
  }
  for (auto process : processes) {
    auto node = node_of(process);
    for (auto& ptr : proxies_.get_all(node)) {
      // Two references: the registry's and the one in this list.
      if (!ptr || ptr->strong_refs != 2)
        continue;
      auto proxy = dynamic_cast<caf_proxy*>(ptr->get());
      if (proxy == nullptr || proxy->observed() || !proxy->via()->release(proxy->target()))
        continue;
      proxies_.erase(node, ptr->aid, caf::make_error(caf::exit_reason::unreachable));
    }
  }
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

caf::strong_actor_ptr router::make_proxy(caf::node_id node, caf::actor_id id) {
  if (id == 0)
    return nullptr;
  auto process = process_of(node);
  auto who = wire_address{process.value_or(0), id};
  if (process)
    if (auto root = aliased(who); root && *root) {
      if (!is_host()) {
        // CAF holds the lock of its registry now.
        std::lock_guard guard{mutex_};
        strays_.push_back(who);
        has_strays_ = true;
      }
      return *root;
    }
  auto via = process ? link_to(*process) : nullptr;
  caf::actor_config cfg;
  auto result = caf::make_actor<caf_proxy, caf::strong_actor_ptr>(
    id, std::move(node), &system_, cfg, via ? via : link::nowhere(*this), who);
  if (via) {
    via->watch(who);
    return result;
  }
  // A handle to an actor of a dead process is a handle to a dead actor.
  auto reason = caf::make_error(errc::no_route);
  if (process) {
    std::lock_guard guard{mutex_};
    if (auto i = dead_.find(*process); i != dead_.end())
      reason = i->second;
  }
  static_cast<caf_proxy*>(result->get())->kill_proxy(nullptr, std::move(reason));
  return result;
}

void router::set_last_hop(caf::node_id*) {
  // nop: every process is one hop away
}

} // namespace bulkhead::runtime
