#include "bulkhead/runtime/caf_registry.hpp"

#include "caf_expose.hpp"

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>

#include <mutex>

namespace bulkhead::runtime {

namespace exposed {

struct entries {
  using type = std::unordered_map<caf::actor_id, caf::strong_actor_ptr> caf::actor_registry::*;
  friend type member_of(entries);
};

struct entries_mutex {
  using type = caf::detail::shared_spinlock caf::actor_registry::*;
  friend type member_of(entries_mutex);
};

struct proxy_entries {
  using type = std::unordered_map<caf::node_id, caf::proxy_registry::proxy_map> caf::proxy_registry::*;
  friend type member_of(proxy_entries);
};

struct proxy_mutex {
  using type = std::mutex caf::proxy_registry::*;
  friend type member_of(proxy_mutex);
};

template struct expose<proxy_entries, &caf::proxy_registry::proxies_>;
template struct expose<proxy_mutex, &caf::proxy_registry::mtx_>;
template struct expose<entries, &caf::actor_registry::entries_>;
template struct expose<entries_mutex, &caf::actor_registry::instances_mtx_>;

} // namespace exposed

void pin(const caf::strong_actor_ptr& actor) {
  auto& registry = actor->home_system->registry();
  std::unique_lock guard{registry.*member_of(exposed::entries_mutex{})};
  (registry.*member_of(exposed::entries{})).emplace(actor->aid, actor);
}

void unpin(const caf::strong_actor_ptr& actor) {
  actor->home_system->registry().erase(actor->aid);
}

void forget(caf::proxy_registry& proxies, const caf::node_id& node, caf::actor_id id) {
  caf::strong_actor_ptr dropped; // outlives the guard: it may be the last one
  std::lock_guard guard{proxies.*member_of(exposed::proxy_mutex{})};
  auto& nodes = proxies.*member_of(exposed::proxy_entries{});
  auto i = nodes.find(node);
  if (i == nodes.end())
    return;
  if (auto j = i->second.find(id); j != i->second.end()) {
    dropped = std::move(j->second);
    i->second.erase(j);
  }
  if (i->second.empty())
    nodes.erase(i);
}

std::vector<caf::strong_actor_ptr> take_all(caf::proxy_registry& proxies) {
  std::unordered_map<caf::node_id, caf::proxy_registry::proxy_map> taken;
  {
    std::lock_guard guard{proxies.*member_of(exposed::proxy_mutex{})};
    taken.swap(proxies.*member_of(exposed::proxy_entries{}));
  }
  std::vector<caf::strong_actor_ptr> result;
  for (auto& [node, entries] : taken)
    for (auto& [id, actor] : entries)
      result.push_back(std::move(actor));
  return result;
}

} // namespace bulkhead::runtime
