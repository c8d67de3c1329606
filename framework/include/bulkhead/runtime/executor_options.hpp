#pragma once

#include "bulkhead/runtime/bound_function.hpp"
#include "bulkhead/runtime/worker_options.hpp"

#include <caf/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace bulkhead {

/// What an executor may use. Every field has a default that suits most.
struct executor_options {
  /// In error messages.
  std::string name = "executor";

  /// So many workers are started at once and kept. At most `workers_max`, and 1024.
  size_t workers_min = 0;

  /// Up to so many exist while there are tasks for them. 0: one for each core that the process may use. At most 1024.
  size_t workers_max = 0;

  /// How long a worker beyond `workers_min` has nothing to do before it ends. The largest value: it never does.
  std::chrono::milliseconds idle_after{10'000};

  /// After so many tasks a worker is replaced by a new one. 0: never.
  uint64_t tasks_per_worker_max = 0;

  /// How many tasks may be accepted and not have ended. 0: no limit.
  size_t tasks_max = 1'000'000;

  /// How many tasks are with a worker at a time, so that it need not wait for the next one: from 1 to 256. What it has not begun
  /// moves to another worker as soon as that has nothing to do.
  size_t prefetch_max = 64;

  /// How long a worker may have tasks and begin none of them, while it runs none: then it hangs outside of tasks, or was stopped (SIGSTOP).
  /// It is killed and replaced, which costs no task. 0: no limit; what it has not begun goes to a worker that has nothing to do in any case.
  /// At most 24 hours.
  std::chrono::milliseconds stall_max{0};

  /// Runs first in each worker: `.initializer = bulkhead::call<&load_model>(path)`.
  bound_function initializer = {};

  /// Runs last in each worker that ends in good order, see `worker_options::finalizer`. Not together with `worker.finalizer`.
  bound_function finalizer = {};

  /// How the workers are started. `where` must be `own_process`; `restart`, `recycle`, `handler`, `spares` and `when_full` are not for
  /// executors, and must be as they are by default.
  worker_options worker = {};
};

/// Returns `errc::invalid_option` with the name of the first option that makes no sense.
[[nodiscard]] caf::error check(const executor_options& options);

/// What an executor has at the moment.
struct executor_status {
  /// Workers that can run tasks.
  size_t workers_ready = 0;
  /// Workers that cannot run tasks yet.
  size_t workers_starting = 0;
  /// Tasks that are with a worker.
  size_t tasks_assigned = 0;
  /// Tasks that wait in the host.
  size_t tasks_waiting = 0;
  /// Starts of workers that failed, one after the other, since the last one that succeeded. The next one follows after a pause.
  uint32_t failed_starts = 0;
  /// So many starts failed that tasks which wait while there is no worker fail with `start_error`.
  bool down = false;
  /// Of the last failed start; none after one that succeeded.
  caf::error start_error;
};

/// What `executor::shutdown` does with tasks that did not end yet.
enum class at_shutdown : uint8_t {
  /// All end as usual, then the workers do.
  finish,
  /// Those that wait are cancelled; what runs ends as usual.
  cancel_waiting,
  /// All are cancelled, and the workers killed.
  cancel_all,
};

} // namespace bulkhead
