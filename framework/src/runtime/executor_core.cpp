// The queue: what is accepted, cancelled and ended.
#include "bulkhead/runtime/executor_core.hpp"

#include "bulkhead/runtime/caf_sink.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/worker_process.hpp"
#include "bulkhead/transport/type_ids.hpp"
#include "executor_follow_up.hpp"

#include <caf/action.hpp>
#include <caf/actor_system.hpp>

#include <algorithm>
#include <thread>
#include <utility>

namespace bulkhead::runtime {

namespace {

constexpr std::chrono::hours stop_grace_max{24};

size_t workers_max_of(const executor_options& options) {
  auto wanted =
    options.workers_max != 0 ? options.workers_max : std::max<size_t>(1, std::thread::hardware_concurrency());
  return std::max(wanted, options.workers_min);
}

} // namespace

task::task(const task_entry& what, caf::message xs, task_options how, std::shared_ptr<outcome_base> whose)
  : function(what), arguments(std::move(xs)), options(how), result(std::move(whose)) {
  // nop
}

task::~task() = default;

bool task::cancel() {
  return executor->cancel(*this);
}

void executor_core::follow_up::run(executor_core& core) {
  for (auto& x : sends) {
    auto id = x.batch.calls.front().number;
    send_request(x.from, x.to, id, caf::make_message(std::move(x.batch)));
  }
  for (auto& x : kills)
    x->kill();
  for (auto& x : stops)
    x->stop();
  for (auto& x : starts)
    core.start_worker(x);
  auto schedule = [&core](auto when, auto what) {
    core.host_.clock().schedule(when, caf::make_action([weak = core.weak_from_this(), what] {
                                  if (auto strong = weak.lock())
                                    what(*strong);
                                }));
  };
  for (auto& x : asked_to_stop)
    schedule(std::chrono::steady_clock::now()
               + std::min<std::chrono::milliseconds>(x->options.stop_grace, stop_grace_max),
             [x](executor_core& self) { self.end_grace(x); });
  if (timer)
    schedule(*timer, [](executor_core& self) { self.end_idle_workers(); });
  for (auto& x : settlements)
    x.whose->fail(std::move(x.reason));
  for (auto& x : told_of_room)
    x->set({});
}

executor_core::executor_core(host_system& host, executor_options options)
  : host_(host), options_(std::move(options)), workers_max_(workers_max_of(options_)) {
  broken_ = check(options_);
}

executor_core::~executor_core() = default;

void executor_core::start() {
  follow_up then;
  std::unique_lock guard{mutex_};
  if (!broken_)
    grow(then);
  guard.unlock();
  then.run(*this);
}

caf::error executor_core::refusal() const {
  if (closing_)
    return caf::make_error(errc::shutting_down, options_.name + " is shutting down");
  if (broken_)
    return broken_;
  if (options_.tasks_max != 0 && unfinished_ >= options_.tasks_max)
    return caf::make_error(errc::executor_full, options_.name + ": " + explain(errc::executor_full));
  return {};
}

void executor_core::submit(const std::shared_ptr<task>& what) {
  what->executor = shared_from_this();
  what->result->source(what);
  follow_up then;
  std::unique_lock guard{mutex_};
  if (auto refused = refusal()) {
    what->where = task::state::done;
    guard.unlock();
    what->result->fail(std::move(refused));
    return;
  }
  what->where = task::state::queued;
  queues_[what->options.priority == task_priority::high ? 0 : 1].push_back(what);
  ++queued_;
  ++unfinished_;
  pump(then);
  grow(then);
  guard.unlock();
  then.run(*this);
}

executor_core::task_pointer executor_core::next_queued() {
  for (auto& queue : queues_)
    while (!queue.empty()) {
      auto next = std::move(queue.front());
      queue.pop_front();
      if (next->where == task::state::queued) {
        --queued_;
        return next;
      }
    }
  return nullptr;
}

// To the front: they were accepted before what waits there.
void executor_core::requeue(const std::vector<task_pointer>& what) {
  for (auto i = what.rbegin(); i != what.rend(); ++i) {
    (*i)->where = task::state::queued;
    queues_[(*i)->options.priority == task_priority::high ? 0 : 1].push_front(*i);
    ++queued_;
  }
}

// One that was asked to stop was forgotten then.
void executor_core::forget(const task_pointer& what, follow_up& then) {
  if (what->where == task::state::done)
    return;
  what->where = task::state::done;
  --unfinished_;
  if (!want_room_.empty()) {
    then.told_of_room.push_back(std::move(want_room_.front()));
    want_room_.pop_front();
  }
}

void executor_core::end_task(const task_pointer& what, follow_up& then, caf::error reason) {
  if (what->where == task::state::done)
    return;
  forget(what, then);
  then.settlements.push_back({what->result, std::move(reason)});
}

bool executor_core::cancel(task& which) {
  auto what = which.shared_from_this();
  auto result = true;
  follow_up then;
  std::unique_lock guard{mutex_};
  switch (what->where) {
  case task::state::queued:
    --queued_;
    end_task(what, then, caf::make_error(errc::cancelled));
    break;
  case task::state::assigned: {
    auto worker = what->worker;
    if (worker->claims.board().take_back(what->number)) {
      worker->take(what->number);
      --worker->given;
      end_task(what, then, caf::make_error(errc::cancelled));
      pump(then);
      rest(worker, then);
    } else {
      result = cancel_running(worker, what, then);
    }
    break;
  }
  default:
    result = false;
  }
  close_if_finished(then);
  guard.unlock();
  then.run(*this);
  return result;
}

// Its worker is asked to stop it, or is killed, once nothing else can begin there.
bool executor_core::cancel_running(const worker_pointer& worker, const task_pointer& what, follow_up& then) {
  auto board = worker->claims.board();
  std::vector<task_pointer> others;
  auto closing = worker->where != pool_worker::state::ready;
  for (auto number = worker->oldest; number < worker->next && !closing; ++number)
    if (number != what->number && worker->find(number) && board.take_back(number)) {
      others.push_back(worker->take(number));
      --worker->given;
    }
  requeue(others);
  auto runs = !closing && board.is_latest(what->number);
  if (runs) {
    end_task(what, then, caf::make_error(errc::cancelled));
    if (what->options.stop_grace.count() > 0) {
      board.ask_to_stop(what->number);
      worker->reserved = true;
      then.asked_to_stop.push_back(what);
    } else {
      replace(worker, then);
    }
  }
  pump(then);
  return runs;
}

// It runs nothing that anybody waits for.
void executor_core::replace(const worker_pointer& worker, follow_up& then) {
  worker->where = pool_worker::state::closing;
  then.kills.push_back(worker->process);
  grow(then);
}

void executor_core::end_grace(const task_pointer& what) {
  follow_up then;
  std::unique_lock guard{mutex_};
  auto worker = what->worker; // null when it has ended
  if (worker && worker->where == pool_worker::state::ready)
    replace(worker, then);
  guard.unlock();
  then.run(*this);
}

void executor_core::when_room(const std::shared_ptr<outcome<void>>& told) {
  std::unique_lock guard{mutex_};
  if (!closing_ && !broken_ && options_.tasks_max != 0 && unfinished_ >= options_.tasks_max) {
    want_room_.push_back(told);
    return;
  }
  auto reason = refusal();
  guard.unlock();
  if (reason)
    told->fail(std::move(reason));
  else
    told->set({});
}

void executor_core::cancel_waiting(follow_up& then) {
  while (auto next = next_queued())
    end_task(next, then, caf::make_error(errc::cancelled, options_.name + " is shutting down"));
  for (auto& x : workers_)
    for (auto number = x->oldest; number < x->next; ++number)
      if (x->find(number) && x->claims.board().take_back(number))
        end_task(x->take(number), then, caf::make_error(errc::cancelled, options_.name + " is shutting down"));
}

void executor_core::shutdown(at_shutdown how) {
  follow_up then;
  std::unique_lock guard{mutex_};
  closing_ = true;
  for (auto& x : want_room_)
    then.settlements.push_back({x, caf::make_error(errc::shutting_down)});
  want_room_.clear();
  if (how != at_shutdown::finish)
    cancel_waiting(then);
  if (how == at_shutdown::cancel_all)
    for (auto& x : workers_) {
      for (auto number = x->oldest; number < x->next; ++number)
        if (auto running = x->take(number))
          end_task(running, then, caf::make_error(errc::cancelled, options_.name + " is shutting down"));
      if (x->where == pool_worker::state::ready)
        then.kills.push_back(x->process);
      else if (x->where == pool_worker::state::starting && x->process)
        then.stops.push_back(x->process);
      x->where = pool_worker::state::closing;
    }
  close_if_finished(then);
  changed_.notify_all();
  guard.unlock();
  then.run(*this);
}

void executor_core::wait() {
  std::unique_lock guard{mutex_};
  changed_.wait(guard, [this] { return closing_ && workers_.empty() && unfinished_ == 0; });
}

size_t executor_core::workers() const {
  std::lock_guard guard{mutex_};
  return live();
}

size_t executor_core::unfinished() const {
  std::lock_guard guard{mutex_};
  return unfinished_;
}

} // namespace bulkhead::runtime
