// How a supervised actor's processes come up.

#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/slot_owner.hpp"
#include "bulkhead/runtime/spare_pool.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/runtime/worker_process.hpp"

#include <caf/actor_system.hpp>
#include <caf/make_actor.hpp>

#include <utility>

namespace bulkhead::runtime {

void supervised_slot::start(spawn_callback done) {
  auto& system = host_.system();
  address_ = {transport::host_process, system.next_actor_id()};
  caf::actor_config cfg;
  auto handle = caf::make_actor<caf_proxy, caf::strong_actor_ptr>(
    address_.actor, system.node(), &system, cfg, link::nowhere(host_.routes()), address_, shared_from_this());
  static_cast<caf_proxy*>(handle->get())->message_types(what_.interface);
  handle_ = caf::actor_cast<caf::weak_actor_ptr>(handle);
  host_.routes().alias(address_, handle);
  {
    std::lock_guard guard{mutex_};
    done_ = std::move(done);
    new_handle_ = std::move(handle);
  }
  host_.the_keeper().post([self = shared_from_this()] { self->start_process(); });
}

void supervised_slot::start_process() {
  if (over_)
    return;
  phase_ = phase::starting;
  auto who = stop_wanted_ ? nullptr : next_process();
  if (!who) {
    on_start_failed(caf::make_error(errc::shutting_down));
    return;
  }
  ++incarnation_;
  worker_ = who;
  last_death_.reset();
  {
    std::lock_guard guard{mutex_};
    root_end_.reset();
  }
  if (who->ready()) {
    spawn_root(who);
    return;
  }
  who->start([self = shared_from_this(), who](caf::error failed) {
    if (self->worker_ != who)
      return;
    if (failed)
      self->on_start_failed(failed);
    else
      self->spawn_root(who);
  });
}

std::shared_ptr<worker_process> supervised_slot::next_process() {
  worker_place place{number_, incarnation_ + 1};
  if (!spares_)
    spares_ = spares_of(program_);
  if (auto who = successor_; who && who->ready()) {
    if (who->take_over(place, shared_from_this())) {
      successor_.reset();
      note_taken_over();
      return who;
    }
    successor_ended(*who);
    successor_.reset();
  }
  auto spare = spares_ ? spares_->take(place, shared_from_this()) : nullptr;
  return spare ? spare : make_process(place, program_);
}

void supervised_slot::spawn_root(const std::shared_ptr<worker_process>& who) {
  set_route(who->the_link());
  pass_snapshot_to(*who);
  who->spawn_root(address_.actor, what_,
                  [self = shared_from_this(), who](const caf::expected<caf::strong_actor_ptr>& result) {
                    auto failed = result ? caf::error{} : result.error();
                    self->host_.the_keeper().post([self, who, failed] { self->on_spawned(who, failed); });
                    // It need not wait for the keeper, which may sleep.
                    if (!failed)
                      self->open_ledger(who->place().incarnation);
                  });
  // Behind the spawn, so that the process knows whom they mean.
  std::vector<caf::strong_actor_ptr> observers;
  {
    std::lock_guard guard{mutex_};
    std::erase_if(links_, [&](auto& x) {
      auto observer = x.second.lock();
      if (!observer)
        return true;
      observers.push_back(std::move(observer));
      return false;
    });
  }
  for (auto& x : observers)
    who->the_link()->link_to(address_, x);
}

// On any thread: messages go to the process that has said that it is up.
void supervised_slot::open_ledger(uint32_t incarnation) {
  if (over_ || handle_gone_ || incarnation != incarnation_)
    return;
  ledger_->open(incarnation);
  host_.post([self = shared_from_this(), incarnation] { self->replay(incarnation); });
}

void supervised_slot::on_spawned(const std::shared_ptr<worker_process>& who, caf::error failed) {
  if (worker_ != who || phase_ != phase::starting)
    return;
  if (over_) {
    who->stop();
    return;
  }
  std::unique_lock guard{mutex_};
  auto ended_by_itself = root_end_.has_value();
  guard.unlock();
  if (!failed && !who->alive() && !ended_by_itself)
    failed = last_death_ ? make_error(*last_death_) : caf::make_error(errc::startup_failed, "it ended at once");
  if (failed) {
    who->stop();
    on_start_failed(failed);
    return;
  }
  become_up(*who);
  if (!who->alive())
    process_ended(*who, last_death_);
}

void supervised_slot::become_up(worker_process& who) {
  phase_ = phase::up;
  handlers_.clear();
  if (!over_ && !handle_gone_) {
    // Before anybody is told: who hears of this process may want the next one.
    recycling_ = false;
    recycling_asked_ = false;
  }
  spawn_callback done;
  caf::strong_actor_ptr handle;
  {
    std::lock_guard guard{mutex_};
    done = std::exchange(done_, nullptr);
    handle = std::move(new_handle_);
  }
  if (done) {
    done(std::move(handle));
  } else if (!over_) {
    auto planned = before_.cause == death_cause::recycled;
    host_.publish(supervision_event{planned ? supervision_incident::recycled : supervision_incident::restarted,
                                    number_,
                                    incarnation_,
                                    who.pid(),
                                    before_,
                                    {}});
  }
  if (over_ || handle_gone_) {
    who.stop();
    return;
  }
  watch_age();
  if (auto owner = owner_.lock())
    owner->slot_up(number_);
  if (spares_)
    spares_->fill();
  go_on_with_change();
}

void supervised_slot::on_start_failed(const caf::error& reason) {
  auto failed = std::move(worker_);
  spawn_callback done;
  caf::strong_actor_ptr handle; // outlives the guard
  {
    std::lock_guard guard{mutex_};
    done = std::exchange(done_, nullptr);
    handle = std::move(new_handle_);
  }
  if (done || stop_wanted_ || handle_gone_) {
    finish(reason);
    if (done)
      done(reason);
    return;
  }
  if (spares_)
    spares_->fill();
  auto death = death_of(reason);
  if (!death) {
    death = failed ? certificate_of(*failed) : worker_death{};
    death->detail = "did not start: " + to_string(reason);
  }
  fall(*death);
}

} // namespace bulkhead::runtime
