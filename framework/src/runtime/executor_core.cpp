// The queue: what is accepted, cancelled and ended.
#include "bulkhead/runtime/executor_core.hpp"

#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/caf_sink.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/worker_process.hpp"
#include "bulkhead/transport/type_ids.hpp"
#include "executor_follow_up.hpp"

#include <caf/action.hpp>
#include <caf/actor_system.hpp>

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

// Who was told of room and did not use it by then has not wanted it.
constexpr std::chrono::milliseconds room_pause{5};

size_t workers_max_of(const executor_options& options) {
  auto wanted = options.workers_max != 0 ? options.workers_max : size_t{platform::cores()};
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
  for (auto& x : limits_hit)
    x.who->end_by_limit(x.cause, x.limit, x.value, std::move(x.why));
  for (auto& x : starts)
    core.start_worker(x);
  auto schedule = [&core](auto when, auto what) {
    core.host_.clock().schedule(when, caf::make_action([weak = core.weak_from_this(), what] {
                                  if (auto strong = weak.lock())
                                    what(*strong);
                                }));
  };
  for (auto& x : asked_to_stop)
    core.host_.the_keeper().post([weak = core.weak_from_this(), x, &io = core.host_.the_keeper().context()] {
      auto grace = std::make_shared<limit_timer>(io);
      grace->start(grace_of(x->options), [weak, x, grace] {
        if (auto strong = weak.lock())
          strong->end_grace(x);
      });
    });
  if (timer)
    schedule(*timer, [](executor_core& self) { self.end_idle_workers(); });
  if (watch)
    schedule(*watch, [due = *watch](executor_core& self) { self.look_at_workers(due); });
  if (next_start)
    schedule(*next_start, [](executor_core& self) { self.start_again(); });
  if (look_for_room)
    schedule(std::chrono::steady_clock::now() + room_pause, [](executor_core& self) { self.offer_more_room(); });
  if (event) {
    core.host_.log(describe(*event));
    core.host_.publish(*event);
  }
  for (auto& x : settlements)
    x.whose->fail(std::move(x.reason), x.calls_begun);
  for (auto& x : told_of_room)
    x->set({});
}

executor_core::executor_core(host_system& host, executor_options options)
  : host_(host), options_(std::move(options)), workers_max_(workers_max_of(options_)) {
  broken_ = host.unusable() ? host.unusable() : check(options_);
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
  if (!has_room())
    return caf::make_error(errc::executor_full, options_.name + ": " + explain(errc::executor_full));
  return {};
}

bool executor_core::has_room() const noexcept {
  return options_.tasks_max == 0 || unfinished_ < options_.tasks_max;
}

void executor_core::submit(const std::shared_ptr<task>& what, bool may_wait) {
  what->executor = shared_from_this();
  what->result->source(what);
  auto wrong = check(what->options);
  follow_up then;
  std::unique_lock guard{mutex_};
  if (auto refused = wrong ? wrong : refusal()) {
    if (may_wait && refused == errc::executor_full) {
      what->where = task::state::waits_for_room;
      room_.add(what);
      return;
    }
    what->where = task::state::done;
    guard.unlock();
    what->result->fail(std::move(refused));
    return;
  }
  room_step_ = 1;
  accept(what);
  pump(then);
  grow(then);
  guard.unlock();
  then.run(*this);
}

void executor_core::accept(const task_pointer& what) {
  enqueue(what, false);
  ++unfinished_;
}

void executor_core::enqueue(const task_pointer& what, bool first) {
  what->where = task::state::queued;
  auto& queue = queues_[what->options.priority == task_priority::high ? 0 : 1];
  what->place = queue.insert(first ? queue.begin() : queue.end(), what);
  ++queued_;
}

executor_core::task_pointer executor_core::next_queued() {
  for (auto& queue : queues_)
    if (!queue.empty()) {
      auto next = std::move(queue.front());
      queue.pop_front();
      --queued_;
      return next;
    }
  return nullptr;
}

// To the front: they were accepted before what waits there.
void executor_core::requeue(const std::vector<task_pointer>& what) {
  for (auto i = what.rbegin(); i != what.rend(); ++i)
    enqueue(*i, true);
}

// Returns false if it was done before: then its result is not wanted any more.
bool executor_core::forget(const task_pointer& what, follow_up& then) {
  if (what->where == task::state::done)
    return false;
  what->where = task::state::done;
  then.arguments.push_back(std::exchange(what->arguments, {}));
  --unfinished_;
  offer_room(then, 1);
  return true;
}

void executor_core::end_task(const task_pointer& what, follow_up& then, caf::error reason, uint64_t calls_begun) {
  if (forget(what, then))
    then.settlements.push_back({what->result, std::move(reason), calls_begun});
}

// What a worker has and did not begin, in order.
std::vector<executor_core::task_pointer> executor_core::take_back(const worker_pointer& from) {
  std::vector<task_pointer> result;
  auto board = from->claims.board();
  for (auto number = from->oldest; number < from->next; ++number)
    if (from->find(number) && board.take_back(number)) {
      result.push_back(from->take(number));
      --from->given;
    }
  return result;
}

bool executor_core::cancel(task& which) {
  auto what = which.shared_from_this();
  auto result = true;
  follow_up then;
  std::unique_lock guard{mutex_};
  switch (what->where) {
  case task::state::waits_for_room:
    room_.remove(what.get());
    what->where = task::state::done;
    then.arguments.push_back(std::exchange(what->arguments, {}));
    then.settlements.push_back({what->result, caf::make_error(errc::cancelled), 0});
    break;
  case task::state::queued:
    queues_[what->options.priority == task_priority::high ? 0 : 1].erase(what->place);
    --queued_;
    end_task(what, then, caf::make_error(errc::cancelled));
    pump(then);
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
  auto closing = worker->where != pool_worker::state::ready;
  if (!closing)
    requeue(take_back(worker));
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

size_t executor_core::workers() const {
  std::lock_guard guard{mutex_};
  return live();
}

size_t executor_core::unfinished() const {
  std::lock_guard guard{mutex_};
  return unfinished_;
}

executor_status executor_core::status() const {
  executor_status result;
  std::lock_guard guard{mutex_};
  for (auto& x : workers_) {
    result.workers_ready += x->where == pool_worker::state::ready ? 1 : 0;
    result.workers_starting += x->where == pool_worker::state::starting ? 1 : 0;
    result.tasks_assigned += x->in_flight;
  }
  result.tasks_waiting = queued_;
  result.failed_starts = starts_.failures();
  result.down = starts_.down();
  result.start_error = broken_ ? broken_ : start_error_;
  return result;
}

} // namespace bulkhead::runtime
