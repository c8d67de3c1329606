// The members of a pool: how they come and go.

#include "bulkhead/runtime/actor_pool.hpp"
#include "bulkhead/runtime/caf_pool.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/actor_system.hpp>
#include <caf/make_actor.hpp>

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

std::string actor_pool::size_text(size_t members) {
  return std::to_string(members) + (members == 1 ? " member" : " members");
}

actor_pool::actor_pool(host_system& host, pool_options options, transport::spawn_request what)
  : host_(host),
    options_(std::move(options)),
    what_(std::move(what)),
    grow_timer_(std::in_place, host.the_keeper().context()),
    idle_timer_(std::in_place, host.the_keeper().context()),
    drain_timer_(std::in_place, host.the_keeper().context()),
    workers_max_(options_.workers_max),
    worker_(options_.worker) {
  // nop
}

actor_pool::~actor_pool() = default;

void actor_pool::start(spawn_callback done) {
  auto& system = host_.system();
  caf::actor_config cfg;
  auto handle = caf::make_actor<caf_pool, caf::strong_actor_ptr>(system.next_actor_id(), system.node(), &system, cfg,
                                                                 shared_from_this());
  {
    std::lock_guard guard{mutex_};
    done_ = std::move(done);
    handle_ = caf::actor_cast<caf::weak_actor_ptr>(handle);
    new_handle_ = std::move(handle);
    starting_ = options_.workers_min;
  }
  for (size_t i = 0; i < options_.workers_min; ++i)
    start_member();
}

void actor_pool::start_member() {
  std::unique_lock guard{mutex_};
  auto options = worker_;
  guard.unlock();
  auto slot = host_.make_slot(std::move(options), what_, weak_from_this());
  if (!slot) {
    on_started(nullptr, caf::make_error(errc::shutting_down));
    return;
  }
  guard.lock();
  arriving_.push_back(slot);
  auto force = force_;
  guard.unlock();
  slot->start([self = shared_from_this(), slot](caf::expected<caf::strong_actor_ptr> result) {
    self->on_started(slot, std::move(result));
  });
  if (force)
    slot->terminate(*force);
}

void actor_pool::on_started(const std::shared_ptr<supervised_slot>& slot, caf::expected<caf::strong_actor_ptr> result) {
  spawn_callback done;
  caf::strong_actor_ptr handle; // outlives the guard, as the result does
  std::unique_lock guard{mutex_};
  --starting_;
  std::erase(arriving_, slot);
  auto failed = !result        ? result.error()
                : slot->over() ? caf::make_error(errc::startup_failed, std::string{"its actor ended at once"})
                               : caf::error{};
  if (over_) {
    if (!failed)
      leaving_.push_back(slot);
    guard.unlock();
    conclude();
    return;
  }
  auto grew = done_ == nullptr;
  if (failed && !grew) {
    guard.unlock();
    finish(failed);
    return;
  }
  if (failed) {
    last_growth_ = std::chrono::steady_clock::now() + options_.restart.within;
    grow_if_needed();
    guard.unlock();
    tell(supervision_incident::growth_failed, slot ? slot->number() : 0, to_string(failed));
    return;
  }
  auto made = std::make_unique<member>();
  made->slot = slot;
  made->handle = std::move(*result);
  made->load.takes = true;
  members_.push_back(std::move(made));
  auto count = members_.size();
  if (!grew && starting_ == 0) {
    done = std::exchange(done_, nullptr);
    handle = std::move(new_handle_);
  }
  move_all_soon();
  grow_if_needed();
  guard.unlock();
  if (done)
    done(std::move(handle));
  if (!grew)
    return;
  tell(supervision_incident::grown, slot->number(), size_text(count));
  host_.the_keeper().post([self = shared_from_this()] { self->watch_surplus(); });
}

void actor_pool::slot_up(uint32_t number) {
  std::unique_lock guard{mutex_};
  if (auto found = find(number))
    found->load.takes = true;
  move_all_soon();
  auto next = next_to_recycle(number);
  guard.unlock();
  if (next)
    next->recycle();
}

void actor_pool::slot_down(uint32_t number) {
  std::lock_guard guard{mutex_};
  if (auto found = find(number))
    found->load.takes = false;
}

// -- how many -----------------------------------------------------------------

bool actor_pool::may_grow() const noexcept {
  return !over_ && !force_ && waiting_ > 0 && starting_ == 0 && members_.size() < workers_max_ && !rolls_out_;
}

void actor_pool::grow_if_needed() {
  if (growth_watched_ || !may_grow())
    return;
  growth_watched_ = true;
  host_.the_keeper().post([self = shared_from_this()] { self->look_at_growth(); });
}

void actor_pool::look_at_growth() {
  std::unique_lock guard{mutex_};
  auto since = oldest();
  if (!since || !may_grow()) {
    growth_watched_ = false;
    return;
  }
  auto at = std::chrono::steady_clock::now();
  auto due = std::max(*since, last_growth_) + options_.grow_after;
  if (at >= due) {
    growth_watched_ = false;
    last_growth_ = at;
    ++starting_;
    guard.unlock();
    start_member();
    return;
  }
  guard.unlock();
  grow_timer_->expires_at(due);
  grow_timer_->async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled)
      self->look_at_growth();
  });
}

void actor_pool::watch_surplus() {
  if (over_ || surplus_watched_)
    return;
  surplus_watched_ = true;
  idle_timer_->expires_after(options_.idle_after);
  idle_timer_->async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled)
      self->shrink();
  });
}

void actor_pool::shrink() {
  std::vector<std::unique_ptr<member>> gone; // outlives the guard
  std::unique_lock guard{mutex_};
  surplus_watched_ = false;
  if (over_)
    return;
  if (rolls_out_) {
    guard.unlock();
    watch_surplus();
    return;
  }
  auto unneeded = supervision::surplus(members_.size(), options_.workers_min, peak_);
  peak_ = taken_ + waiting_;
  for (auto i = members_.size(); i-- > 0 && gone.size() < unneeded;)
    if (auto& x = members_[i]; x->load.taken == 0 && x->own.empty() && !x->own.moving) {
      leaving_.push_back(x->slot);
      gone.push_back(std::move(x));
      members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  auto count = members_.size();
  guard.unlock();
  // By an order and not by the end of its handle: an answer that nobody has read yet refers to it.
  auto until = std::chrono::steady_clock::now() + options_.worker.stop_timeout;
  for (auto& x : gone) {
    tell(supervision_incident::shrunk, x->slot->number(), size_text(count));
    x->slot->drain(until, [](size_t) {});
  }
  if (count > options_.workers_min)
    watch_surplus();
}

void actor_pool::recycle() {
  std::unique_lock guard{mutex_};
  auto idle = recycling_.empty();
  recycling_.resize(idle ? 0 : 1);
  for (auto& x : members_)
    recycling_.push_back(x->slot->number());
  auto first = idle && !members_.empty() ? members_.front()->slot : nullptr;
  guard.unlock();
  if (first)
    first->recycle();
}

// The member after `done`, if that one was being replaced; under the mutex.
std::shared_ptr<supervised_slot> actor_pool::next_to_recycle(uint32_t done) {
  if (recycling_.empty() || recycling_.front() != done)
    return nullptr;
  recycling_.pop_front();
  for (; !recycling_.empty(); recycling_.pop_front())
    if (auto next = find(recycling_.front()))
      return next->slot;
  return nullptr;
}

void actor_pool::tell(supervision_incident what, uint32_t slot, std::string detail) const {
  host_.publish(supervision_event{what, slot, 0, 0, {}, "pool " + options_.name + ": " + std::move(detail)});
}

} // namespace bulkhead::runtime
