#include "bulkhead/runtime/caf_scheduler.hpp"

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/platform/wakeup_cost.hpp"
#include "bulkhead/runtime/caf_scheduler_io.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <algorithm>

namespace bulkhead::runtime {

namespace {

/// Messages that an actor may handle in a row, so that the mailboxes of the process do not starve.
constexpr size_t throughput_max = 300;

/// Records that are taken from one mailbox in a row.
constexpr size_t batch_records_max = 64;

/// From this many runnable actors on the poller shares them with another thread.
constexpr size_t surplus_min = 16;

/// A look at the sockets costs as much as a dozen looks at mailboxes.
constexpr unsigned rounds_per_io = 64;

thread_local caf::execution_unit* unit_of_thread = nullptr;

} // namespace

struct caf_scheduler::worker final : caf::execution_unit {
  explicit worker(caf::actor_system& system, caf::proxy_registry& proxies) : caf::execution_unit(&system) {
    proxies_ = &proxies;
  }

  void exec_later(caf::resumable* job) override {
    local.push_back(job);
  }

  std::deque<caf::resumable*> local;
  unsigned turns_without_io = 0;
};

caf_scheduler::caf_scheduler(caf::actor_system& system, transport::process_number self,
                             const transport::system_key& key, wait_options waiting)
  : super(system),
    keeper_(std::make_unique<keeper>()),
    io_(std::make_unique<io_part>(*keeper_)),
    waiting_(waiting),
    cores_(platform::cores()) {
  clock_ = std::make_unique<caf_clock>([this](auto when) { schedule_clock(when); });
  router_ = std::make_unique<router>(system, self, key, [this](auto work) { post(std::move(work)); });
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
  keeper_->start("bulkhead.keeper");
  if (waiting_.spin_ns == 0)
    keeper_->post([this] {
      if (auto cost = platform::measure_wakeup_ns())
        spin_ns_ = std::clamp(cost, spin_ns_min, spin_ns_max);
    });
  for (size_t i = 0; i < std::max<size_t>(num_workers(), 1); ++i)
    threads_.push_back(system().launch_thread("bulkhead.loop", [this] {
      worker self{system(), router_->proxies()};
      unit_of_thread = &self;
      run(self);
      unit_of_thread = nullptr;
    }));
  super::start();
}

void caf_scheduler::stop() {
  stop_actors();
  join();
}

void caf_scheduler::join() {
  stopping_ = true;
  post([] {});
  {
    std::lock_guard guard{mutex_};
    followers_wake_.notify_all();
  }
  for (auto& t : threads_)
    t.join();
  threads_.clear();
  keeper_->stop();
  clock_->clear();
  io_->bells.clear();
  while (!queue_.empty()) {
    auto job = queue_.front();
    queue_.pop_front();
    cleanup_and_release(job);
  }
}

void caf_scheduler::add(std::shared_ptr<link> what) {
  {
    std::lock_guard guard{links_mutex_};
    links_.push_back(what);
    ++links_version_;
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
    ++links_version_;
  }
  post([this, what] {
    std::erase_if(io_->bells, [&](auto& x) { return x->of == what; });
    what->let_go();
  });
}

void caf_scheduler::on_quiet(std::function<void()> what) {
  post([this, what = std::move(what)] { on_quiet_ = what; });
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
  } else if (following_ > 0 && (!polling_ || queued_ > 1)) {
    std::lock_guard guard{mutex_};
    followers_wake_.notify_one();
  }
}

void caf_scheduler::run(worker& self) {
  while (!stopping_) {
    if (links_version_ > 0 && (!self.local.empty() || queued_ > 0))
      start_guard();
    run_local(self);
    if (run_shared(self))
      continue;
    if (!polling_.exchange(true)) {
      ++turns_;
      poll(self);
      share_surplus(self);
      polling_ = false;
    } else if (self.local.empty()) {
      follow();
    }
  }
  for (auto job : self.local)
    cleanup_and_release(job);
}

// Each job that waits now runs once: what they make runnable waits until the mailboxes were looked at.
void caf_scheduler::run_local(worker& self) {
  for (auto count = self.local.size(); count > 0; --count) {
    auto job = self.local.front();
    self.local.pop_front();
    run_job(self, job);
  }
}

bool caf_scheduler::run_shared(worker& self) {
  if (queued_ == 0)
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
  run_job(self, job);
  return self.local.empty();
}

void caf_scheduler::run_job(worker& self, caf::resumable* job) {
  switch (job->resume(&self, throughput_max)) {
    case caf::resumable::resume_later:
      self.local.push_back(job);
      break;
    case caf::resumable::done:
    case caf::resumable::awaiting_message:
      caf::intrusive_ptr_release(job);
      break;
    case caf::resumable::shutdown_execution_unit:
      break;
  }
}

// Looks for work until there is some, and sleeps if there is none for long.
void caf_scheduler::poll(worker& self) {
  refresh();
  auto found = poll_links(self);
  if (++self.turns_without_io >= rounds_per_io) {
    self.turns_without_io = 0;
    (void) run_io();
  }
  if (found > 0)
    sweep_due_ = true;
  if (found > 0 || !self.local.empty() || queued_ > 0 || stopping_)
    return;
  if (!spin(self))
    park(self);
}

// Returns whether work was found.
bool caf_scheduler::spin(worker& self) {
  using transport::wait_strategy;
  auto oversubscribed = awake_loops() > cores_;
  if (waiting_.strategy == wait_strategy::park || polled_.empty()
      || (oversubscribed && waiting_.strategy == wait_strategy::adaptive))
    return false;
  uint64_t end = 0;
  for (unsigned round = 1;; ++round) {
    if (poll_links(self) > 0 || !self.local.empty() || queued_ > 0 || stopping_) {
      sweep_due_ = true;
      return true;
    }
    platform::cpu_relax();
    if (round % rounds_per_io != 0)
      continue;
    if (run_io())
      return true;
    if (waiting_.strategy == wait_strategy::busy)
      continue;
    auto now = platform::now_ns();
    if (end == 0)
      end = now + spin_ns_;
    else if (now >= end)
      return false;
  }
}

void caf_scheduler::park(worker&) {
  refresh();
  if (!arm_all())
    return;
  parked_ = true;
  // Whoever queues a job after this look finds `parked_` and wakes this thread.
  if (queued_ == 0 && !stopping_) {
    if (sweep_due_) {
      // What other processes lent this one is given back once things have calmed down.
      if (io_->wait_for(sweep_delay) == 0 && links_version_ == polled_version_) {
        sweep_due_ = false;
        router_->sweep();
        if (on_quiet_)
          on_quiet_();
      }
    } else {
      io_->wait();
    }
  }
  parked_ = false;
  disarm_all();
}

size_t caf_scheduler::poll_links(caf::execution_unit& unit) {
  size_t count = 0;
  for (auto& x : polled_) {
    if (!x->try_read())
      continue;
    if (x->has_work())
      count += x->poll(unit, batch_records_max);
    x->done_reading();
  }
  return count;
}

bool caf_scheduler::arm_all() {
  for (auto& x : polled_) {
    if (!x->try_read())
      continue;
    auto sleeps = x->arm();
    x->done_reading();
    if (!sleeps) {
      disarm_all();
      return false;
    }
  }
  return true;
}

void caf_scheduler::disarm_all() {
  for (auto& x : polled_)
    if (x->try_read()) {
      x->disarm();
      x->done_reading();
    }
}

void caf_scheduler::refresh() {
  if (links_version_ == polled_version_)
    return;
  link_list dropped; // outlives the guard: closing a link takes long
  std::lock_guard guard{links_mutex_};
  dropped.swap(polled_);
  polled_ = links_;
  polled_version_ = links_version_;
}

// The host sees who sleeps, and tells its workers.
unsigned caf_scheduler::awake_loops() {
  if (!router_->is_host())
    return polled_.empty() ? 1 : polled_.front()->hint();
  unsigned count = 1;
  for (auto& x : polled_)
    count += x->closed() || x->peer_sleeps() ? 0 : 1;
  if (count != told_loops_) {
    told_loops_ = count;
    for (auto& x : polled_)
      if (!x->closed())
        x->give_hint(count);
  }
  return count;
}

// With a core to spare another thread can run what was found while this one goes on polling.
void caf_scheduler::share_surplus(worker& self) {
  if (self.local.size() < surplus_min || following_ == 0 || awake_loops() >= cores_)
    return;
  {
    std::lock_guard guard{mutex_};
    for (auto count = self.local.size() / 2; count > 0; --count) {
      queue_.push_back(self.local.back());
      self.local.pop_back();
    }
    queued_ = queue_.size();
    followers_wake_.notify_one();
  }
}

void caf_scheduler::follow() {
  std::unique_lock guard{mutex_};
  auto wanted = [this] { return !queue_.empty() || stopping_ || take_over_ || !polling_; };
  if (wanted()) {
    take_over_ = false;
    return;
  }
  ++following_;
  followers_wake_.wait(guard, [this] { return !queue_.empty() || stopping_ || take_over_; });
  --following_;
  take_over_ = false;
}

// -- the guard ----------------------------------------------------------------

// When the poller has gone to run an actor and comes back soon, waking a follower would only cost. When it does not, the
// guard does. It ticks while actors run, and not when the process is idle.
void caf_scheduler::start_guard() {
  if (!router_->is_host() || guarded_ || guarded_.exchange(true))
    return;
  keeper_->post([this] {
    io_->guard_quiet_ticks = 0;
    guard_tick();
  });
}

void caf_scheduler::guard_tick() {
  auto turns = turns_.load();
  auto stuck = !polling_ && turns == io_->guard_seen_turns;
  io_->guard_seen_turns = turns;
  if (stuck && following_ > 0) {
    std::lock_guard guard{mutex_};
    take_over_ = true;
    followers_wake_.notify_one();
  } else if (stuck && !polling_.exchange(true)) {
    // Nobody is left to poll, be it that all threads run actors or wait for something that only a poll can bring.
    refresh();
    (void) poll_links(router_->context());
    (void) run_io();
    polling_ = false;
  }
  io_->guard_quiet_ticks = parked_ ? io_->guard_quiet_ticks + 1 : 0;
  if (io_->guard_quiet_ticks >= guard_quiet_ticks_max) {
    guarded_ = false;
    return;
  }
  io_->tick_later([this] { guard_tick(); });
}

} // namespace bulkhead::runtime
