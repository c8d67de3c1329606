// Another program for the members of a pool.

#include "bulkhead/runtime/actor_pool.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/rollout.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <utility>

namespace bulkhead::runtime {

void actor_pool::upgrade(const upgrade_options& what, std::function<void(caf::error)> done) {
  std::unique_lock guard{mutex_};
  auto refused = over_ ? caf::make_error(errc::shutting_down, "the pool has ended")
                 : rolls_out_
                   ? caf::make_error(errc::upgrade_failed, std::string{"another upgrade of this pool is under way"})
                   : caf::error{};
  rolls_out_ = rolls_out_ || !refused;
  guard.unlock();
  if (refused) {
    done(std::move(refused));
    return;
  }
  auto members = [self = shared_from_this()] {
    std::lock_guard members_guard{self->mutex_};
    rollout::actors result;
    for (auto& x : self->members_)
      result.slots.push_back(x->slot);
    result.more = self->starting_ > 0;
    return result;
  };
  auto ended = [self = shared_from_this(), what, done = std::move(done)](caf::error failed) {
    std::unique_lock members_guard{self->mutex_};
    self->rolls_out_ = false;
    if (!failed) {
      self->worker_.program = what.program;
      self->worker_.arguments = what.arguments.value_or(self->worker_.arguments);
      self->worker_.environment = what.environment.value_or(self->worker_.environment);
    }
    self->grow_if_needed();
    members_guard.unlock();
    done(std::move(failed));
  };
  std::make_shared<rollout>(host_.the_keeper(), what, members, ended)->start();
}

} // namespace bulkhead::runtime
