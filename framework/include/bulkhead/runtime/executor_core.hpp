#pragma once

#include "bulkhead/runtime/executor_options.hpp"
#include "bulkhead/runtime/pool_worker.hpp"
#include "bulkhead/runtime/room_line.hpp"
#include "bulkhead/runtime/running_time.hpp"
#include "bulkhead/runtime/task.hpp"
#include "bulkhead/supervision/start_policy.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>
#include <caf/message.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

namespace bulkhead::runtime {

class host_system;

/// Hands tasks to worker processes and their results to outcomes. No actor: whoever submits sends to a worker itself, and what
/// comes back is handled on the thread that reads it.
///
/// A task that waits here is sent when its worker has become half empty, together with others, so a busy pool sends few
/// messages and an idle one sends at once. Who gets a task that was sent, its worker or again this executor, is decided in the
/// claim board: that is how a task moves to an idle worker, is cancelled, or is known not to have begun when its worker died.
///
/// Thread safety: all public functions from any thread. Nothing is sent, settled or started while the mutex is held.
/// Lifetime: kept by its workers until the last of them has ended; the host system must outlive it.
class executor_core : public std::enable_shared_from_this<executor_core> {
public:
  executor_core(host_system& host, executor_options options);

  ~executor_core();

  /// Starts `workers_min` workers.
  void start();

  /// Each task is settled once, also when it is refused: `shutting_down`, `executor_full`, `invalid_option`, or why workers cannot start.
  /// @param may_wait whether it waits for room rather than being refused.
  void submit(const std::shared_ptr<task>& what, bool may_wait = false);

  bool cancel(task& what);

  /// Sets `told` when there is room for another task.
  void when_room(const std::shared_ptr<outcome<void>>& told);

  void shutdown(at_shutdown how);

  /// Returns when all workers have ended after `shutdown`, and their processes are gone.
  void wait();

  [[nodiscard]] executor_status status() const;

  /// Number of workers that can run tasks or will soon.
  [[nodiscard]] size_t workers() const;

  /// Number of tasks that were accepted and have not ended.
  [[nodiscard]] size_t unfinished() const;

private:
  class room_withdrawal;

  using time_point = supervision::time_point;
  using worker_pointer = std::shared_ptr<pool_worker>;
  using task_pointer = std::shared_ptr<task>;

  /// What is to be done when the mutex is free again.
  struct follow_up;

  // dispatch
  void pump(follow_up& then);
  [[nodiscard]] worker_pointer least_busy() const;
  [[nodiscard]] bool takes_more(const pool_worker& who) const noexcept;
  void assign(const worker_pointer& to, const std::vector<task_pointer>& what, follow_up& then);
  void steal(const worker_pointer& thief, follow_up& then);
  void rest(const worker_pointer& who, follow_up& then);
  void on_message(const worker_pointer& from, uint64_t id, caf::message& content);
  void on_result(const worker_pointer& from, uint64_t id, transport::task_result& result);
  void on_refused(const worker_pointer& from, uint64_t first, const caf::error& reason);
  void find_lost_results(const worker_pointer& from, uint64_t first, follow_up& then);

  // queue
  task_pointer next_queued();
  void accept(const task_pointer& what);
  void enqueue(const task_pointer& what, bool first);
  [[nodiscard]] bool has_room() const noexcept;
  void offer_room(follow_up& then, size_t count);
  void offer_more_room();
  bool withdraw(const std::shared_ptr<outcome<void>>& told);
  void requeue(const std::vector<task_pointer>& what);
  void end_task(const task_pointer& what, follow_up& then, caf::error reason, uint64_t calls_begun = UINT64_MAX);
  bool forget(const task_pointer& what, follow_up& then);
  std::vector<task_pointer> take_back(const worker_pointer& from);
  void cancel_waiting(follow_up& then);
  bool cancel_running(const worker_pointer& worker, const task_pointer& what, follow_up& then);
  void replace(const worker_pointer& worker, follow_up& then);
  void end_grace(const task_pointer& what);
  [[nodiscard]] caf::error refusal() const;

  // limits of time
  [[nodiscard]] time_point now() const noexcept;
  [[nodiscard]] static time_point look_before(time_point due, time_point now);
  void arm_watch(follow_up& then, time_point due);
  void look_at_workers(time_point due);
  time_point look_at_task(const worker_pointer& who, const task_pointer& what, time_point now, follow_up& then);
  time_point look_at_progress(const worker_pointer& who, time_point now, follow_up& then);
  void end_by_limit(const worker_pointer& who, follow_up& then, death_cause cause, const char* limit,
                    std::chrono::milliseconds value, std::string why);

  // workers
  void grow(follow_up& then);
  void start_worker(const worker_pointer& who);
  void spawn_runner(const worker_pointer& who);
  void on_start_failed(const worker_pointer& who, caf::error reason);
  void on_ready(const worker_pointer& who, caf::strong_actor_ptr runner);
  void on_end_of(const worker_pointer& who, const caf::error& reason);
  void on_gone();
  void start_again();
  void fail_waiting(follow_up& then, const caf::error& reason);
  void close(const worker_pointer& who, follow_up& then);
  void close_if_finished(follow_up& then);
  void arm_idle_timer(follow_up& then);
  void end_idle_workers();
  [[nodiscard]] size_t live() const noexcept;

  host_system& host_;
  const executor_options options_;
  const size_t workers_max_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<worker_pointer> workers_;
  /// By priority, the highest first.
  std::list<task_pointer> queues_[2];
  size_t queued_ = 0;
  size_t unfinished_ = 0;
  room_line room_;
  /// How many of these are told next that there is room which those told before did not use.
  size_t room_step_ = 1;
  bool closing_ = false;
  bool idle_timer_ = false;
  bool room_timer_ = false;
  bool start_timer_ = false;
  /// When workers are looked at; `max` if they are not.
  time_point watch_at_ = time_point::max();
  running_time watch_time_;
  bool has_time_limits_ = false;
  /// Workers whose processes may exist.
  size_t processes_ = 0;
  supervision::start_policy starts_;
  caf::error start_error_;
  /// What is wrong with the options; each submit gets it.
  caf::error broken_;
};

} // namespace bulkhead::runtime
