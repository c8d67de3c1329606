#include "bulkhead/runtime/host_system.hpp"

#include "bulkhead/runtime/actor_pool.hpp"
#include "bulkhead/runtime/caf_pool.hpp"
#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/rollout.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"

#include <utility>

namespace bulkhead::runtime {

void host_system::upgrade(const caf::strong_actor_ptr& actor, const upgrade_options& what,
                          std::function<void(caf::error)> done) {
  if (auto wrong = check(what)) {
    done(std::move(wrong));
    return;
  }
  if (auto pool = as_pool(actor)) {
    pool->upgrade(what, std::move(done));
    return;
  }
  auto proxy = actor ? as_proxy(actor) : nullptr;
  if (proxy == nullptr || !proxy->slot()) {
    done(caf::make_error(caf::sec::invalid_argument, "only supervised actors and pools can be upgraded"));
    return;
  }
  auto who = [slot = proxy->slot()] { return rollout::actors{{slot}}; };
  std::make_shared<rollout>(the_keeper(), what, who, std::move(done))->start();
}

} // namespace bulkhead::runtime
