#include "bulkhead/runtime/caf_scheduler.hpp"

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/platform/wakeup_cost.hpp"
#include "bulkhead/runtime/caf_opened.hpp"
#include "bulkhead/runtime/caf_mark.hpp"
#include "bulkhead/runtime/caf_scheduler_io.hpp"
#include "bulkhead/runtime/handled_log.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/transport/handshake.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <system_error>

namespace bulkhead::runtime {

namespace {

/// Messages that an actor may handle in a row: more than the poller brings at once, so that mailboxes stay short and warm.
constexpr size_t turn_max = 300;

thread_local caf::execution_unit* unit_of_thread = nullptr;

// CAF has threads already, and its actor system does not survive an exception from its constructor: it would hang or abort.
[[noreturn]] void end_without_threads(const std::system_error& failed, bool is_host) {
  constexpr int no_resources = 71; // EX_OSERR of sysexits.h
  auto text = std::string{"the actor system cannot be started: "} + failed.what();
  if (is_host)
    std::fprintf(stderr, "bulkhead: %s. See the limits of threads and memory (ulimit -u, -v, TasksMax)\n",
                 text.c_str());
  else
    (void) transport::send_verdict(transport::worker_fd::control, {errc::resources_exhausted, "the worker: " + text});
  platform::exit_now(no_resources);
}

} // namespace

caf_scheduler::caf_scheduler(caf::actor_system& system, transport::process_number self,
                             const transport::system_key& key, wait_options waiting)
  : super(system),
    keeper_(std::make_unique<keeper>()),
    io_(std::make_unique<io_part>(*keeper_, [this] { return clock_->run_due(std::chrono::steady_clock::now()); })),
    waiting_(waiting),
    cores_(platform::cores()) {
  clock_ = std::make_unique<caf_clock>([this](auto when) { schedule_clock(when); },
                                       [this, self](auto& requests) {
                                         request_set over;
                                         for (auto& x : requests)
                                           over.insert({self, x.requester, x.mid.integer_value()});
                                         lapse(std::move(over));
                                       });
  router_ = std::make_unique<router>(system, self, key, *this);
  alone_ = !router_->is_host();
}

caf_scheduler::~caf_scheduler() = default;

caf::execution_unit* caf_scheduler::current_unit() noexcept {
  return unit_of_thread;
}

caf::actor_clock& caf_scheduler::clock() noexcept {
  return *clock_;
}

void caf_scheduler::init(caf::actor_system_config& cfg) {
  super::init(cfg);
  spin_ns_ = waiting_.spin_ns != 0 ? waiting_.spin_ns : default_spin_ns;
}

void caf_scheduler::start() {
  try {
    keeper_->start("bulkhead.keeper");
    if (waiting_.spin_ns == 0)
      keeper_->post([this] {
        if (auto cost = platform::measure_wakeup_ns())
          spin_ns_ = std::clamp(cost, spin_ns_min, spin_ns_max);
      });
    {
      std::lock_guard guard{duty_mutex_};
      for (size_t i = 0; i < std::max<size_t>(num_workers(), 1); ++i)
        launch_loop();
    }
    super::start();
  } catch (const std::system_error& failed) {
    end_without_threads(failed, router_->is_host());
  }
}

// Under the mutex of duties.
void caf_scheduler::launch_loop() {
  threads_.push_back(system().launch_thread("bulkhead.loop", [this] {
    worker self{*this, router_->proxies()};
    unit_of_thread = &self;
    {
      std::scoped_lock guard{workers_mutex_, duty_mutex_};
      if (workers_.empty())
        first_ = on_duty_ = &self;
      workers_.push_back(&self);
    }
    run(self);
    {
      std::scoped_lock guard{workers_mutex_, duty_mutex_};
      std::erase(workers_, &self);
    }
    unit_of_thread = nullptr;
  }));
}

void caf_scheduler::stop() {
  stop_actors();
  join();
}

void caf_scheduler::stop_loops() {
  stopping_ = true;
  post([] {});
  {
    std::lock_guard guard{mutex_};
    followers_wake_.notify_all();
  }
  std::vector<std::thread> all;
  {
    std::lock_guard guard{duty_mutex_};
    duty_changed_.notify_all();
    all.swap(threads_);
  }
  for (auto& t : all)
    t.join();
}

void caf_scheduler::join() {
  stop_loops();
  keeper_->stop();
  let_go();
  clock_->clear();
  io_->bells.clear();
  end_waits();
  for (auto& weak : ended_at_stop_)
    if (auto actor = weak.lock())
      end_now(actor);
  while (!queue_.empty()) {
    auto job = queue_.front();
    queue_.pop_front();
    cleanup_and_release(job);
  }
}

void caf_scheduler::end_at_stop(caf::weak_actor_ptr actor) {
  std::lock_guard guard{ended_at_stop_mutex_};
  if (ended_at_stop_.size() == ended_at_stop_.capacity()) // so that what has ended costs little
    std::erase_if(ended_at_stop_, [](auto& x) { return x->strong_refs == 0; });
  ended_at_stop_.push_back(std::move(actor));
}

void caf_scheduler::add(std::shared_ptr<link> what) {
  {
    std::lock_guard guard{links_mutex_};
    links_.push_back(what);
    links_changed();
  }
  // Watching starts on the polling thread, which also re-reads the list of links then.
  post([this, what] { watch_bell(what); });
  // All threads may be waiting for what this link brings.
  start_guard();
}

void caf_scheduler::remove(const std::shared_ptr<link>& what) {
  {
    std::lock_guard guard{links_mutex_};
    std::erase(links_, what);
    links_changed();
  }
  post([this, what] {
    std::erase_if(io_->bells, [&](auto& x) { return x->of == what; });
    keeper_->post([this, what] { let_go_later(what); });
  });
}

// Handlers that send one message each to a receiver that stands still must not lose any in a step: what an actor can park is what
// the receiver may hold.
void caf_scheduler::links_changed() {
  ++links_version_;
  auto step = step_max;
  for (auto& x : links_)
    step = std::clamp<uint64_t>(x->messages_max(), 1, step);
  step_ = step;
}

void caf_scheduler::for_each_link(const std::function<void(link&)>& visit) {
  link_list all;
  {
    std::lock_guard guard{links_mutex_};
    all = links_;
  }
  for (auto& x : all)
    visit(*x);
}

void caf_scheduler::enqueue(caf::resumable* job) {
  {
    std::lock_guard guard{mutex_};
    queue_.push_back(job);
    queued_ = queue_.size();
  }
  wake_one();
}

// An awake poller looks at the queue by itself. A sleeping one is as quick to wake as a follower, and comes first.
void caf_scheduler::wake_one() {
  if (parked_ && parked_.exchange(false)) {
    post([] {});
  } else if (following_ > 0 && (!polling_.taken() || queued_ > 1)) {
    std::lock_guard guard{mutex_};
    followers_wake_.notify_one();
  }
}

void caf_scheduler::run(worker& self) {
  while (!stopping_) {
    if (!serves(self)) {
      stand_by(self);
      continue;
    }
    if (self.waiting() > 0 || queued_ > 0)
      start_guard();
    if (!frozen_) {
      run_local(self);
      if (run_shared(self))
        continue;
    }
    if (try_take_polling(self)) {
      look_for_pause();
      poll(self);
      share_surplus(self);
      polling_.give_back();
    } else if (self.waiting() == 0) {
      follow(self);
    }
  }
  // Whoever is frozen has a successor, whose messages must not be counted as handled by being dropped here.
  while (auto job = self.next())
    if (!frozen_)
      cleanup_and_release(job);
}

// Each job that waits now runs once: what they make runnable waits until the mailboxes were looked at.
void caf_scheduler::run_local(worker& self) {
  for (auto count = self.waiting(); count > 0 && !frozen_; --count)
    if (auto job = self.next())
      run_job(self, job);
}

bool caf_scheduler::run_shared(worker& self) {
  if (queued_ == 0 || frozen_)
    return false;
  caf::resumable* job = nullptr;
  {
    std::lock_guard guard{mutex_};
    if (queue_.empty())
      return false;
    job = queue_.front();
    queue_.pop_front();
    queued_ = queue_.size();
  }
  self.begin();
  run_job(self, job);
  return self.waiting() == 0;
}

void caf_scheduler::run_job(worker& self, caf::resumable* job) {
  if (request_waits_.asks())
    request_waits_.look_at(*job);
  if (waits_.keeps(job))
    return;
  if (alone_ && !begin_job(self, job))
    return;
  handled_log::batch batch;
  std::optional<room_wait> wanted;
  auto result = take_turn(self, job, wanted);
  if (alone_)
    end_job(self);
  auto ended = result == caf::resumable::done || result == caf::resumable::shutdown_execution_unit;
  if (wanted && !ended) {
    suspend(job, std::move(*wanted), result == caf::resumable::resume_later);
    return;
  }
  switch (result) {
  case caf::resumable::resume_later:
    self.add(job);
    break;
  case caf::resumable::done:
  case caf::resumable::awaiting_message:
    caf::intrusive_ptr_release(job);
    break;
  case caf::resumable::shutdown_execution_unit:
    break;
  }
}

caf::resumable::resume_result caf_scheduler::take_turn(worker& self, caf::resumable* job,
                                                       std::optional<room_wait>& wanted) {
  running now{job};
  auto step = crowded_ ? 1 : step_.load();
  auto result = caf::resumable::resume_later;
  for (size_t handled = 0; handled < turn_max && result == caf::resumable::resume_later && !now.wanted; handled += step)
    result = job->resume(&self, step);
  handlers_over();
  wanted = std::move(now.wanted);
  return result;
}

void caf_scheduler::follow(const worker& self) {
  std::unique_lock guard{mutex_};
  auto wanted = [&] { return !queue_.empty() || stopping_ || take_over_ || !polling_.taken() || !serves(self); };
  if (wanted()) {
    take_over_ = false;
    return;
  }
  ++following_;
  followers_wake_.wait(guard, [this] { return !queue_.empty() || stopping_ || take_over_; });
  --following_;
  take_over_ = false;
}

} // namespace bulkhead::runtime
