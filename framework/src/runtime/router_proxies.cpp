// The life of proxies: made for a handle, dropped with the last one.

#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/caf_registry.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"

#include <caf/actor_config.hpp>
#include <caf/make_actor.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace bulkhead::runtime {

// CAF holds the lock of its registry meanwhile.
caf::strong_actor_ptr router::make_proxy(caf::node_id node, caf::actor_id id) {
  if (id == 0)
    return nullptr;
  auto process = process_of(node);
  auto who = wire_address{process.value_or(0), id};
  auto via = process ? link_to(*process) : nullptr;
  auto reason = caf::make_error(errc::no_route);
  caf::strong_actor_ptr result;
  {
    std::lock_guard guard{mutex_};
    if (process) {
      if (auto i = known_.find(who); i != known_.end() && (result = i->second.lock()))
        return result;
      // A handle to an actor of a dead process is a handle to a dead actor.
      if (auto i = dead_.find(*process); i != dead_.end()) {
        reason = i->second;
        via = nullptr;
      }
    }
    caf::actor_config cfg;
    result = caf::make_actor<caf_proxy, caf::strong_actor_ptr>(id, std::move(node), &system_, cfg,
                                                               via ? via : link::nowhere(*this), who);
    if (via) {
      known_[who] = caf::actor_cast<caf::weak_actor_ptr>(result);
      ++made_since_sweep_;
      if (auto i = orphans_.find(who); i != orphans_.end()) {
        for (auto& x : i->second)
          static_cast<caf_proxy*>(result->get())->adopt(std::move(x));
        orphans_.erase(i);
      }
    }
  }
  if (via)
    via->watch(who);
  else
    static_cast<caf_proxy*>(result->get())->kill_proxy(nullptr, std::move(reason));
  return result;
}

void router::set_last_hop(caf::node_id*) {
  // nop: every process is one hop away
}

void router::dropped(const caf_proxy& proxy, caf::attachable_ptr observers) {
  auto post_it = false;
  {
    std::lock_guard guard{mutex_};
    auto& who = proxy.target();
    if (auto i = known_.find(who); i != known_.end() && i->second.get() == proxy.ctrl())
      known_.erase(i);
    if (observers)
      orphans_[who].push_back(std::move(observers));
    dropped_.push_back({who, proxy.local_id(), proxy.via()});
    post_it = !std::exchange(release_posted_, true);
  }
  if (post_it)
    loop_.post([this] { release_dropped(); });
}

// On the loop, because a handle may be on its way in a record that is being decoded just now.
void router::release_dropped() {
  std::vector<dropped_proxy> all;
  {
    std::lock_guard guard{mutex_};
    all.swap(dropped_);
    release_posted_ = false;
  }
  std::erase_if(all, [](auto& x) { return x.via->release(x.who, x.local); });
  std::lock_guard guard{mutex_};
  dropped_.insert(dropped_.end(), std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()));
  owes_releases_ = !all.empty();
}

void router::sweep() {
  (void) take_all(proxies_);
  release_dropped();
  std::lock_guard guard{mutex_};
  made_since_sweep_ = 0;
  sweep_at_ = std::max(sweep_at_min, known_.size());
}

} // namespace bulkhead::runtime
