#pragma once

#include "bulkhead/runtime/executor_options.hpp"
#include "bulkhead/runtime/pool_worker.hpp"
#include "bulkhead/runtime/task.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>
#include <caf/message.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
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

  /// Each task is settled once, also when it is refused: `shutting_down`, `executor_full`, or why workers cannot start.
  void submit(const std::shared_ptr<task>& what);

  bool cancel(task& what);

  /// Sets `told` when there is room for another task.
  void when_room(const std::shared_ptr<outcome<void>>& told);

  void shutdown(at_shutdown how);

  /// Returns when all workers have ended after `shutdown`.
  void wait();

  /// Number of workers that can run tasks or will soon.
  [[nodiscard]] size_t workers() const;

  /// Number of tasks that were accepted and have not ended.
  [[nodiscard]] size_t unfinished() const;

private:
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
  void requeue(const std::vector<task_pointer>& what);
  void end_task(const task_pointer& what, follow_up& then, caf::error reason);
  void forget(const task_pointer& what, follow_up& then);
  void cancel_waiting(follow_up& then);
  bool cancel_running(const worker_pointer& worker, const task_pointer& what, follow_up& then);
  void replace(const worker_pointer& worker, follow_up& then);
  void end_grace(const task_pointer& what);
  [[nodiscard]] caf::error refusal() const;

  // workers
  void grow(follow_up& then);
  void start_worker(const worker_pointer& who);
  void spawn_runner(const worker_pointer& who);
  void on_start_failed(const worker_pointer& who, caf::error reason);
  void on_ready(const worker_pointer& who, caf::strong_actor_ptr runner);
  void on_end_of(const worker_pointer& who, const caf::error& reason);
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
  /// By priority, the highest first. Those that were cancelled are still in here.
  std::deque<task_pointer> queues_[2];
  size_t queued_ = 0;
  size_t unfinished_ = 0;
  std::deque<std::shared_ptr<outcome<void>>> want_room_;
  bool closing_ = false;
  bool idle_timer_ = false;
  uint32_t failed_starts_ = 0;
  std::chrono::steady_clock::time_point next_start_;
  /// Why no worker will ever start; each submit gets it.
  caf::error broken_;
};

} // namespace bulkhead::runtime
