#include "bulkhead/runtime/caf_registry.hpp"

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>

#include <mutex>

namespace bulkhead::runtime {

namespace {

// As in caf_node.cpp: an explicit instantiation may name private members.
template <class Tag, typename Tag::type Member>
struct expose {
  friend typename Tag::type member_of(Tag) {
    return Member;
  }
};

struct entries {
  using type = std::unordered_map<caf::actor_id, caf::strong_actor_ptr> caf::actor_registry::*;
  friend type member_of(entries);
};

struct entries_mutex {
  using type = caf::detail::shared_spinlock caf::actor_registry::*;
  friend type member_of(entries_mutex);
};

template struct expose<entries, &caf::actor_registry::entries_>;
template struct expose<entries_mutex, &caf::actor_registry::instances_mtx_>;

} // namespace

void pin(const caf::strong_actor_ptr& actor) {
  auto& registry = actor->home_system->registry();
  std::unique_lock guard{registry.*member_of(entries_mutex{})};
  (registry.*member_of(entries{})).emplace(actor->aid, actor);
}

void unpin(const caf::strong_actor_ptr& actor) {
  actor->home_system->registry().erase(actor->aid);
}

} // namespace bulkhead::runtime
