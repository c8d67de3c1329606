// The workers of an executor: when they start and end, and what becomes of their tasks.
#include "bulkhead/runtime/caf_sink.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/task_runner.hpp"
#include "bulkhead/runtime/worker_process.hpp"
#include "bulkhead/transport/type_ids.hpp"
#include "executor_follow_up.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace bulkhead::runtime {

using clock = std::chrono::steady_clock;

namespace {

// A worker that is killed from outside while it starts says nothing about the next one; three in a row do.
constexpr uint32_t failed_starts_max = 3;

// After a failed start, while others work.
constexpr std::chrono::milliseconds start_pause{100};

bool fails_each_time(const caf::error& reason) {
  return reason == errc::constructor_failed || reason == errc::invalid_option || reason == errc::build_mismatch
         || reason == errc::program_not_found || reason == errc::unknown_actor || reason == errc::nested_worker
         || reason == errc::types_not_initialized;
}

bool may_be_chance(const caf::error& reason) {
  return reason == errc::worker_lost || reason == errc::startup_failed;
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
  if (now_live >= wanted || (failed_starts_ > 0 && now_live > 0 && clock::now() < next_start_))
    return;
  for (; now_live < wanted; ++now_live) {
    workers_.push_back(std::make_shared<pool_worker>());
    then.starts.push_back(workers_.back());
  }
}

void executor_core::start_worker(const worker_pointer& who) {
  auto claims = transport::task_claims::make();
  if (!claims) {
    on_start_failed(who, std::move(claims.error()));
    return;
  }
  who->claims = std::move(*claims); // nobody else looks at it before it is ready
  auto options = options_.worker;
  options.when_full = overflow::wait; // results are never dropped
  if (options_.finalizer.function != 0)
    options.finalizer = options_.finalizer;
  auto starting = host_.start_worker(
    std::move(options), [self = shared_from_this(), who](caf::expected<std::shared_ptr<worker_process>> started) {
      if (!started) {
        self->on_start_failed(who, std::move(started.error()));
        return;
      }
      {
        std::lock_guard guard{self->mutex_};
        who->process = std::move(*started);
      }
      self->spawn_runner(who);
    });
  if (!starting)
    return;
  std::unique_lock guard{mutex_};
  who->process = starting;
  auto unwanted = who->where == pool_worker::state::closing;
  guard.unlock();
  if (unwanted)
    starting->stop();
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

void executor_core::on_start_failed(const worker_pointer& who, caf::error reason) {
  follow_up then;
  std::unique_lock guard{mutex_};
  std::erase(workers_, who);
  if (who->where == pool_worker::state::closing) { // the executor has ended it
    close_if_finished(then);
    changed_.notify_all();
    guard.unlock();
    then.run(*this);
    return;
  }
  ++failed_starts_;
  next_start_ = clock::now() + start_pause;
  if (fails_each_time(reason))
    broken_ = reason;
  auto hopeless = broken_ || !may_be_chance(reason) || failed_starts_ >= failed_starts_max;
  if (hopeless && live() == 0) {
    failed_starts_ = 0; // who submits again wants another attempt
    while (auto next = next_queued())
      end_task(next, then, reason);
  }
  if (!hopeless)
    grow(then);
  close_if_finished(then);
  changed_.notify_all();
  guard.unlock();
  then.run(*this);
}

void executor_core::on_ready(const worker_pointer& who, caf::strong_actor_ptr runner) {
  auto self = shared_from_this();
  auto sink =
    make_sink(host_.system(), [self, who](uint64_t id, caf::message& content) { self->on_message(who, id, content); });
  follow_up then;
  std::unique_lock guard{mutex_};
  who->runner = runner;
  who->sink = std::move(sink);
  failed_starts_ = 0;
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
    auto caught = false;
    if (board.has_begun(number))
      caught = ++left->deaths > left->options.retries_max;
    else if (alone) // a kill from outside may have hit it once
      caught = ++left->deaths_alone > left->options.retries_max + 1;
    else
      left->deaths_nearby += idle ? task::deaths_nearby_max : 1;
    if (caught)
      end_task(left, then, reason);
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

// In good order: nothing is with it any more.
void executor_core::close(const worker_pointer& who, follow_up& then) {
  if (who->process)
    then.stops.push_back(who->process);
  who->where = pool_worker::state::closing;
}

void executor_core::close_if_finished(follow_up& then) {
  if (!closing_ || unfinished_ > 0)
    return;
  for (auto& queue : queues_) // what was cancelled in there keeps this executor
    then.dropped.insert(then.dropped.end(), std::make_move_iterator(queue.begin()),
                        std::make_move_iterator(queue.end()));
  for (auto& queue : queues_)
    queue.clear();
  for (auto& x : workers_)
    if (x->where != pool_worker::state::closing)
      close(x, then);
  changed_.notify_all();
}

void executor_core::arm_idle_timer(follow_up& then) {
  if (idle_timer_ || live() <= options_.workers_min)
    return;
  idle_timer_ = true;
  then.timer = clock::now() + options_.idle_after;
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
    if (now - x->idle_since >= options_.idle_after)
      close(x, then);
    else
      next = std::min(next, x->idle_since + options_.idle_after);
  }
  if (next != clock::time_point::max() && live() > options_.workers_min) {
    idle_timer_ = true;
    then.timer = next;
  }
  guard.unlock();
  then.run(*this);
}

} // namespace bulkhead::runtime
