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

  /// So many workers are started at once and kept. At most `workers_max`.
  size_t workers_min = 0;

  /// Up to so many exist while there are tasks for them. 0: one for each core.
  size_t workers_max = 0;

  /// How long a worker beyond `workers_min` has nothing to do before it ends.
  std::chrono::milliseconds idle_after{10'000};

  /// After so many tasks a worker is replaced by a new one. 0: never.
  uint64_t tasks_per_worker_max = 0;

  /// How many tasks may be accepted and not have ended. 0: no limit.
  size_t tasks_max = 1'000'000;

  /// How many tasks are with a worker at a time, so that it need not wait for the next one: from 1 to 256. What it has not begun
  /// moves to another worker as soon as that has nothing to do.
  size_t prefetch_max = 64;

  /// Runs first in each worker: `.initializer = bulkhead::call<&load_model>(path)`.
  bound_function initializer = {};

  /// Runs last in each worker that ends in good order, see `worker_options::finalizer`. Not together with `worker.finalizer`.
  bound_function finalizer = {};

  /// How the workers are started. `where` must be `own_process`, and `when_full` is not used.
  worker_options worker = {};
};

/// Returns `errc::invalid_option` with the name of the first option that makes no sense.
[[nodiscard]] caf::error check(const executor_options& options);

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
