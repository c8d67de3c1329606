// How actors get their processes: new ones, spares, or none.

#include "bulkhead/runtime/actor_pool.hpp"
#include "bulkhead/runtime/caf_spawn.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/spare_pool.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/runtime/worker_process.hpp"

#include <utility>

namespace bulkhead::runtime {

std::shared_ptr<worker_process> host_system::make_worker(worker_options options, bool stays) {
  std::unique_lock guard{mutex_};
  auto slot = next_slot_++;
  guard.unlock();
  return make_worker(std::move(options), stays, worker_place{slot, 1}, nullptr);
}

std::shared_ptr<worker_process> host_system::make_worker(worker_options options, bool stays, const worker_place& place,
                                                         std::shared_ptr<supervised_slot> slot,
                                                         std::weak_ptr<spare_pool> spare_of) {
  std::lock_guard guard{mutex_};
  if (closing_)
    return nullptr;
  auto made = std::make_shared<worker_process>(*this, next_number_++, place, std::move(options), stays, std::move(slot),
                                               std::move(spare_of));
  workers_.insert(made);
  return made;
}

void host_system::begin(const std::shared_ptr<worker_process>& who, std::function<void(caf::error)> ready) {
  the_keeper().post([who, ready = std::move(ready)] { who->start(ready); });
}

std::shared_ptr<spare_pool> host_system::spares_for(const worker_options& options) {
  if (options.spares == 0)
    return nullptr;
  std::shared_ptr<spare_pool> found;
  std::erase_if(spares_, [&](auto& x) {
    auto pool = x.lock();
    if (pool && pool->options() == options)
      found = pool;
    return !pool;
  });
  if (!found) {
    std::unique_lock guard{mutex_};
    auto slot = next_slot_++;
    guard.unlock();
    found = std::make_shared<spare_pool>(*this, options, slot);
    spares_.push_back(found);
  }
  return found;
}

std::shared_ptr<worker_process> host_system::start_worker(worker_options options, start_callback done,
                                                          std::function<void()> gone) {
  auto refuse = [&](caf::error why) -> std::shared_ptr<worker_process> {
    if (gone)
      gone();
    done(std::move(why));
    return nullptr;
  };
  auto refuse_option = [&](const char* option, const char* why) {
    return refuse(caf::make_error(errc::invalid_option, std::string{option}, std::string{why}));
  };
  if (auto wrong = unusable_ ? unusable_ : check(options))
    return refuse(std::move(wrong));
  if (options.where != placement::own_process)
    return refuse_option("where", "must be own_process for a worker, which is a process: use host::spawn");
  if (options.restart.when != restart_when::never)
    return refuse_option("restart.when",
                         "must be never for a worker with several actors: host::spawn gives each its own");
  if (options.spares > 0)
    return refuse_option("spares", "must be 0 for a worker with several actors: host::spawn takes spares");
  auto who = make_worker(std::move(options), true);
  if (!who)
    return refuse(caf::make_error(errc::shutting_down));
  who->when_gone(std::move(gone));
  begin(who, [who, done = std::move(done)](caf::error failed) {
    if (failed)
      done(std::move(failed));
    else
      done(who);
  });
  return who;
}

void host_system::spawn(worker_options options, transport::spawn_request what, spawn_callback done) {
  if (auto wrong = unusable_ ? unusable_ : check(options)) {
    done(std::move(wrong));
    return;
  }
  if (options.where == placement::in_process) {
    spawn_in_process(std::move(what), done);
    return;
  }
  if (options.restart.when != restart_when::never) {
    if (auto slot = make_slot(std::move(options), std::move(what), {}))
      slot->start(std::move(done));
    else
      done(caf::make_error(errc::shutting_down));
    return;
  }
  if (options.spares > 0) {
    spawn_with_spares(std::move(options), std::move(what), std::move(done));
    return;
  }
  auto who = make_worker(std::move(options), false);
  if (!who) {
    done(caf::make_error(errc::shutting_down));
    return;
  }
  begin(who, [this, who, what = std::move(what), done = std::move(done)](caf::error failed) {
    if (failed)
      done(std::move(failed));
    else
      spawn_in(who, what, done);
  });
}

void host_system::spawn_in(const std::shared_ptr<worker_process>& who, transport::spawn_request what,
                           spawn_callback done) {
  who->spawn(std::move(what), [who, done = std::move(done)](caf::expected<caf::strong_actor_ptr> result) {
    if (!result)
      who->stop(); // nothing lives in it
    done(std::move(result));
  });
}

void host_system::spawn_with_spares(worker_options options, transport::spawn_request what, spawn_callback done) {
  std::unique_lock guard{mutex_};
  if (closing_) {
    guard.unlock();
    done(caf::make_error(errc::shutting_down));
    return;
  }
  ++spawns_;
  worker_place place{next_slot_++, 1};
  guard.unlock();
  the_keeper().post([this, options = std::move(options), what = std::move(what), done = std::move(done), place] {
    auto pool = spares_for(options);
    auto who = pool->take(place, nullptr);
    if (!who)
      who = make_worker(options, false, place, nullptr);
    {
      std::lock_guard counted{mutex_};
      --spawns_;
      all_ended_.notify_all();
    }
    if (!who) {
      done(caf::make_error(errc::shutting_down));
      return;
    }
    who->hold(pool);
    auto spawned = [this, pool, done](caf::expected<caf::strong_actor_ptr> result) {
      done(std::move(result));
      the_keeper().post([pool] { pool->fill(); });
    };
    auto spawn_now = [this, who, what, spawned](caf::error failed) {
      if (failed)
        spawned(std::move(failed));
      else
        spawn_in(who, what, spawned);
    };
    if (who->ready())
      spawn_now({});
    else
      who->start(spawn_now);
  });
}

std::shared_ptr<supervised_slot> host_system::make_slot(worker_options options, transport::spawn_request what,
                                                        std::weak_ptr<slot_owner> owner) {
  std::lock_guard guard{mutex_};
  if (closing_)
    return nullptr;
  auto result =
    std::make_shared<supervised_slot>(*this, next_slot_++, std::move(options), std::move(what), std::move(owner));
  supervised_.insert(result);
  return result;
}

void host_system::spawn_pool(pool_options options, transport::spawn_request what, spawn_callback done) {
  if (auto wrong = unusable_ ? unusable_ : check(options)) {
    done(std::move(wrong));
    return;
  }
  std::shared_ptr<actor_pool> pool;
  {
    std::lock_guard guard{mutex_};
    if (!closing_) {
      pool = std::make_shared<actor_pool>(*this, complete(std::move(options), what.name), what);
      pools_.insert(pool);
    }
  }
  if (pool)
    pool->start(std::move(done));
  else
    done(caf::make_error(errc::shutting_down));
}

void host_system::spawn_in_process(transport::spawn_request what, const spawn_callback& done) {
  done(spawn_by_name(system(), what, nullptr));
}

} // namespace bulkhead::runtime
