#include "bulkhead/runtime/host_system.hpp"

#include "bulkhead/platform/kernel_features.hpp"
#include "bulkhead/platform/pipe.hpp"
#include "bulkhead/runtime/caf_node.hpp"
#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/caf_spawn.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/runtime/worker_process.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <caf/mailbox_element.hpp>

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

host_system::host_system(caf::actor_system& system, wait_options waiting, caf::error wrong)
  : caf_scheduler(system, transport::host_process, make_system_key(), waiting), unusable_(std::move(wrong)) {
  if (auto missing = platform::missing_kernel_feature())
    unusable_ = caf::make_error(errc::startup_failed, *missing);
  // CAF's I/O module, if it is loaded too, puts its own id here later; both work.
  set_node(system, make_node(transport::host_process, routes().key()));
  log_sink_ = [](std::string_view line) {
    constexpr int standard_error = 2;
    (void) platform::write_if_ready(standard_error, std::string{line} + "\n");
  };
}

host_system::~host_system() = default;

host_system* host_system::of(caf::actor_system& system) noexcept {
  return dynamic_cast<host_system*>(&system.scheduler());
}

std::shared_ptr<worker_process> host_system::make_worker(worker_options options, bool stays) {
  std::unique_lock guard{mutex_};
  auto slot = next_slot_++;
  guard.unlock();
  return make_worker(std::move(options), stays, worker_place{slot, 1}, nullptr);
}

std::shared_ptr<worker_process> host_system::make_worker(worker_options options, bool stays, const worker_place& place,
                                                         std::shared_ptr<supervised_slot> slot) {
  std::lock_guard guard{mutex_};
  if (closing_)
    return nullptr;
  auto made = std::make_shared<worker_process>(*this, next_number_++, place, std::move(options), stays, std::move(slot));
  workers_.insert(made);
  return made;
}

void host_system::begin(const std::shared_ptr<worker_process>& who, std::function<void(caf::error)> ready) {
  the_keeper().post([who, ready = std::move(ready)] { who->start(ready); });
}

void host_system::start_worker(worker_options options, start_callback done) {
  if (auto wrong = unusable_ ? unusable_ : check(options)) {
    done(std::move(wrong));
    return;
  }
  if (options.restart.when != restart_when::never) {
    done(caf::make_error(errc::invalid_option, std::string{"restart.when"},
                         std::string{"must be never for a worker with several actors: host::spawn gives each its own"}));
    return;
  }
  auto who = make_worker(std::move(options), true);
  if (!who) {
    done(caf::make_error(errc::shutting_down));
    return;
  }
  begin(who, [who, done = std::move(done)](caf::error failed) {
    if (failed)
      done(std::move(failed));
    else
      done(who);
  });
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
    supervise(std::move(options), std::move(what), std::move(done));
    return;
  }
  auto who = make_worker(std::move(options), false);
  if (!who) {
    done(caf::make_error(errc::shutting_down));
    return;
  }
  begin(who, [who, what = std::move(what), done = std::move(done)](caf::error failed) {
    if (failed) {
      done(std::move(failed));
      return;
    }
    who->spawn(what, [who, done](caf::expected<caf::strong_actor_ptr> result) {
      if (!result)
        who->stop(); // nothing lives in it
      done(std::move(result));
    });
  });
}

void host_system::supervise(worker_options options, transport::spawn_request what, spawn_callback done) {
  std::shared_ptr<supervised_slot> slot;
  {
    std::lock_guard guard{mutex_};
    if (!closing_) {
      slot = std::make_shared<supervised_slot>(*this, next_slot_++, std::move(options), std::move(what));
      supervised_.insert(slot);
    }
  }
  if (slot)
    slot->start(std::move(done));
  else
    done(caf::make_error(errc::shutting_down));
}

void host_system::spawn_in_process(transport::spawn_request what, const spawn_callback& done) {
  done(spawn_by_name(system(), what, nullptr));
}

void host_system::log(std::string line) {
  the_keeper().post([this, line = std::move(line)] {
    std::function<void(std::string_view)> sink;
    {
      std::lock_guard guard{mutex_};
      sink = log_sink_;
    }
    if (sink)
      sink(line);
  });
}

void host_system::log_to(std::function<void(std::string_view line)> sink) {
  std::lock_guard guard{mutex_};
  log_sink_ = std::move(sink);
}

void host_system::subscribe(const caf::strong_actor_ptr& listener) {
  std::lock_guard guard{mutex_};
  listeners_.push_back(caf::actor_cast<caf::weak_actor_ptr>(listener));
}

void host_system::publish(const backlog_event& what) {
  // What the host itself drops is counted where it does so.
  if (what.what == backlog_incident::dropped && !what.to_worker)
    note_dropped(what.messages);
  send_all(caf::make_message(what));
}

void host_system::publish(const supervision_event& what) {
  send_all(caf::make_message(what));
}

void host_system::send_all(const caf::message& what) {
  std::vector<caf::strong_actor_ptr> all;
  {
    std::lock_guard guard{mutex_};
    std::erase_if(listeners_, [&all](auto& x) {
      auto strong = x.lock();
      if (!strong)
        return true;
      all.push_back(std::move(strong));
      return false;
    });
  }
  for (auto& x : all)
    x->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, what), &routes().context());
}

void host_system::waits_of(transport::process_number process, std::vector<wait_edge> all) {
  for (auto& x : all) {
    x.waits = routes().usual(x.waits);
    x.on = routes().usual(x.on);
    x.cause_of = routes().usual(x.cause_of);
    if (auto waits = routes().find(x.waits))
      if (auto proxy = as_proxy(waits); proxy != nullptr && proxy->slot())
        x.tag = proxy->slot()->tag();
  }
  {
    std::lock_guard guard{mutex_};
    waits_of_all_.update(process, std::move(all));
  }
  check_soon();
}

bool host_system::on_waiting(std::vector<wait_edge> all) {
  for (auto& x : all)
    x.cause_of = routes().usual(x.cause_of);
  std::unique_lock guard{mutex_};
  waits_of_all_.update(transport::host_process, std::move(all));
  auto circles = waits_of_all_.look();
  auto asked = waits_of_all_.asked();
  guard.unlock();
  for (auto& x : circles)
    break_circle(x);
  if (asked.contains(transport::host_process))
    ask_who_waits();
  for_each_link([&](link& x) {
    if (asked.contains(x.peer()))
      x.tell_waits({});
  });
  return !asked.empty();
}

// One of them goes on: it may handle what the one before it waits for. A wait for room ends without loss; a request fails, best
// one that nobody has begun to handle.
void host_system::break_circle(const std::vector<wait_edge>& circle) {
  auto weight = [](const wait_edge& x) { return x.request == 0 ? 0 : x.untouched ? 1 : 2; };
  auto& weakest = *std::min_element(circle.begin(), circle.end(), [&](auto& x, auto& y) { return weight(x) < weight(y); });
  auto text = describe(circle);
  if (weakest.process == transport::host_process && request_waits::is_one(weakest.id))
    end_wait(weakest.id, text);
  for_each_link([&](link& x) {
    if (x.peer() == weakest.process)
      x.break_circle_there(weakest.id, weakest.on, text);
    else if (weakest.process == transport::host_process && weakest.request == 0 && routes().reaches(x, weakest.on))
      x.break_circle(weakest.on, text);
  });
}

void host_system::ended(const std::shared_ptr<worker_process>& who) {
  std::lock_guard guard{mutex_};
  if (auto via = who->the_link())
    dropped_elsewhere_ += via->dropped();
  waits_of_all_.forget(who->number());
  workers_.erase(who);
  all_ended_.notify_all();
}

void host_system::ended(const std::shared_ptr<supervised_slot>& who) {
  std::lock_guard guard{mutex_};
  supervised_.erase(who);
  all_ended_.notify_all();
}

void host_system::note_dropped(uint64_t count) {
  std::lock_guard guard{mutex_};
  dropped_elsewhere_ += count;
}

size_t host_system::live_workers() const {
  std::lock_guard guard{mutex_};
  return workers_.size();
}

uint64_t host_system::dropped_messages() const {
  std::lock_guard guard{mutex_};
  auto result = dropped_elsewhere_;
  for (auto& x : workers_)
    if (auto via = x->the_link())
      result += via->dropped();
  return result;
}

void host_system::stop() {
  stop_workers();
  stop_actors();
  join();
}

// Ends: each worker is killed when it does not go by itself, and a killed process is reaped.
void host_system::stop_workers() {
  std::unique_lock guard{mutex_};
  closing_ = true;
  auto all = workers_;
  auto supervised = supervised_;
  guard.unlock();
  for (auto& x : supervised)
    x->stop();
  supervised.clear();
  for (auto& x : all)
    x->stop();
  all.clear();
  guard.lock();
  all_ended_.wait(guard, [this] { return workers_.empty() && supervised_.empty(); });
}

} // namespace bulkhead::runtime
