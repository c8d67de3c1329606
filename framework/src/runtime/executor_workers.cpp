// The workers of an executor: when they start and end, and what becomes of their tasks.
#include "bulkhead/platform/saturating.hpp"
#include "bulkhead/runtime/caf_sink.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/task_runner.hpp"
#include "bulkhead/runtime/worker_process.hpp"
#include "bulkhead/transport/type_ids.hpp"
#include "executor_follow_up.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace bulkhead::runtime {

using clock = std::chrono::steady_clock;

namespace {

caf::error in_doubt_as(const caf::error& reason, bool begun) {
  auto death = reason == errc::worker_lost ? death_of(reason) : caf::none;
  if (!death)
    return reason;
  death->in_doubt = begun;
  return make_error(*death);
}

} // namespace

size_t executor_core::live() const noexcept {
  return static_cast<size_t>(
    std::count_if(workers_.begin(), workers_.end(), [](auto& x) { return x->where != pool_worker::state::closing; }));
}

void executor_core::grow(follow_up& then) {
  if (broken_)
    return;
  auto wanted = std::min(unfinished_, workers_max_);
  if (!closing_)
    wanted = std::max(wanted, options_.workers_min);
  auto now_live = live();
  if (now_live >= wanted)
    return;
  if (starts_.failing()) {
    // One at a time, after a pause.
    if (std::any_of(workers_.begin(), workers_.end(), [](auto& x) { return x->where == pool_worker::state::starting; }))
      return;
    if (clock::now() < starts_.next_start()) {
      if (!std::exchange(start_timer_, true))
        then.next_start = starts_.next_start();
      return;
    }
    wanted = now_live + 1;
  }
  for (; now_live < wanted; ++now_live) {
    auto made = std::make_shared<pool_worker>();
    made->started_at = clock::now();
    workers_.push_back(made);
    ++processes_;
    then.starts.push_back(std::move(made));
  }
}

void executor_core::start_again() {
  follow_up then;
  std::unique_lock guard{mutex_};
  start_timer_ = false;
  grow(then);
  guard.unlock();
  then.run(*this);
}

void executor_core::start_worker(const worker_pointer& who) {
  auto claims = transport::task_claims::make();
  if (!claims) {
    on_gone();
    on_start_failed(who, std::move(claims.error()));
    return;
  }
  who->claims = std::move(*claims); // nobody else looks at it before it is ready
  auto options = options_.worker;
  options.when_full = overflow::wait; // results are never dropped
  if (options_.finalizer.function != 0)
    options.finalizer = options_.finalizer;
  auto self = shared_from_this();
  auto starting = host_.start_worker(
    std::move(options),
    [self, who](caf::expected<std::shared_ptr<worker_process>> started) {
      if (!started) {
        self->on_start_failed(who, std::move(started.error()));
        return;
      }
      {
        std::lock_guard guard{self->mutex_};
        who->process = std::move(*started);
      }
      self->spawn_runner(who);
    },
    [self] { self->on_gone(); });
  if (!starting)
    return;
  std::unique_lock guard{mutex_};
  who->process = starting;
  auto unwanted = who->where == pool_worker::state::closing;
  guard.unlock();
  if (unwanted)
    starting->stop();
}

void executor_core::on_gone() {
  std::lock_guard guard{mutex_};
  --processes_;
  changed_.notify_all();
}

void executor_core::spawn_runner(const worker_pointer& who) {
  transport::spawn_request what;
  what.name = task_runner_name;
  what.arguments = caf::make_message(who->claims, options_.initializer.function, options_.initializer.arguments);
  who->process->spawn(std::move(what), [self = shared_from_this(), who](caf::expected<caf::strong_actor_ptr> spawned) {
    if (spawned) {
      self->on_ready(who, std::move(*spawned));
    } else {
      who->process->stop();
      self->on_start_failed(who, std::move(spawned.error()));
    }
  });
}

// Whatever keeps a worker from starting may be gone the next time, so starts go on; but tasks do not wait for that without end.
void executor_core::on_start_failed(const worker_pointer& who, caf::error reason) {
  follow_up then;
  std::unique_lock guard{mutex_};
  std::erase(workers_, who);
  if (reason == errc::shutting_down) {
    if (live() == 0)
      fail_waiting(then, reason);
  } else if (who->where != pool_worker::state::closing) { // else this executor has ended it
    auto was_down = starts_.down();
    starts_.failed(who->started_at, clock::now());
    start_error_ = reason;
    if (starts_.down() && live() == 0)
      fail_waiting(then, reason);
    if (starts_.down() && !was_down)
      then.event =
        supervision_event{supervision_incident::executor_down, 0, 0, 0, {}, options_.name + ": " + to_string(reason)};
    grow(then);
  }
  close_if_finished(then);
  changed_.notify_all();
  guard.unlock();
  then.run(*this);
}

void executor_core::fail_waiting(follow_up& then, const caf::error& reason) {
  while (auto next = next_queued())
    end_task(next, then, reason, 0);
}

void executor_core::on_ready(const worker_pointer& who, caf::strong_actor_ptr runner) {
  auto self = shared_from_this();
  auto sink =
    make_sink(host_.system(), [self, who](uint64_t id, caf::message& content) { self->on_message(who, id, content); });
  follow_up then;
  std::unique_lock guard{mutex_};
  who->runner = runner;
  who->sink = std::move(sink);
  if (starts_.down())
    then.event = supervision_event{supervision_incident::executor_up, 0, 0, 0, {}, options_.name};
  starts_.succeeded();
  start_error_ = {};
  grow(then);
  if (who->where == pool_worker::state::starting) {
    who->where = pool_worker::state::ready;
    pump(then);
    rest(who, then);
  } else {
    then.stops.push_back(who->process);
  }
  close_if_finished(then);
  guard.unlock();
  then.run(*this);
  on_end(runner, [self, who](const caf::error& reason) { self->on_end_of(who, reason); });
}

void executor_core::on_end_of(const worker_pointer& who, const caf::error& reason) {
  follow_up then;
  std::unique_lock guard{mutex_};
  who->where = pool_worker::state::closing;
  std::erase(workers_, who);
  auto board = who->claims.board();
  auto idle = true;
  for (auto number = who->oldest; number < who->next; ++number)
    idle = idle && !(who->find(number) && board.has_begun(number));
  auto alone = who->reserved;
  std::vector<task_pointer> again;
  for (auto number = who->oldest; number < who->next; ++number) {
    auto left = who->take(number);
    if (!left || left->where == task::state::done)
      continue;
    auto begun = board.has_begun(number);
    auto caught = false;
    if (begun)
      caught = ++left->deaths > left->options.retries_max;
    else if (alone) // a kill from outside may have hit it once
      caught = ++left->deaths_alone - 1 > left->options.retries_max;
    else
      left->deaths_nearby += idle ? task::deaths_nearby_max : 1;
    left->overdue = false;
    if (caught)
      end_task(left, then, in_doubt_as(reason, begun), begun ? board.calls_begun(number) : 0);
    else
      again.push_back(std::move(left));
  }
  requeue(again);
  pump(then);
  grow(then);
  close_if_finished(then);
  auto sink = std::move(who->sink);
  auto runner = std::move(who->runner); // outlives the guard
  changed_.notify_all();
  guard.unlock();
  close_sink(sink);
  then.run(*this);
}

void executor_core::arm_idle_timer(follow_up& then) {
  if (idle_timer_ || live() <= options_.workers_min)
    return;
  idle_timer_ = true;
  then.timer = platform::saturating_sum(clock::now(), options_.idle_after);
}

void executor_core::end_idle_workers() {
  follow_up then;
  std::unique_lock guard{mutex_};
  idle_timer_ = false;
  auto now = clock::now();
  auto next = clock::time_point::max();
  for (auto& x : workers_) {
    if (x->where != pool_worker::state::ready || x->in_flight > 0 || live() <= options_.workers_min)
      continue;
    if (auto due = platform::saturating_sum(x->idle_since, options_.idle_after); now >= due)
      close(x, then);
    else
      next = std::min(next, due);
  }
  if (next != clock::time_point::max() && live() > options_.workers_min) {
    idle_timer_ = true;
    then.timer = next;
  }
  guard.unlock();
  then.run(*this);
}

} // namespace bulkhead::runtime
