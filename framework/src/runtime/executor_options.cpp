#include "bulkhead/runtime/executor_options.hpp"

#include "bulkhead/runtime/task.hpp"
#include "bulkhead/shm/claim_board.hpp"
#include "bulkhead/transport/type_ids.hpp"

namespace bulkhead {

namespace {

constexpr size_t prefetch_limit = 256;

static_assert(prefetch_limit * 2 <= shm::claim_board::slots);

constexpr size_t workers_limit = 1024;

caf::error wrong(const char* option, const char* why) {
  return caf::make_error(errc::invalid_option, std::string{option}, std::string{why});
}

} // namespace

caf::error check(const executor_options& options) {
  using namespace std::chrono_literals;
  if (options.workers_max > workers_limit)
    return wrong("workers_max", "must be from 1 to 1024, or 0 for one worker for each core");
  if (options.workers_min > (options.workers_max != 0 ? options.workers_max : workers_limit))
    return wrong("workers_min", "must not exceed workers_max, nor 1024");
  if (options.prefetch_max < 1 || options.prefetch_max > prefetch_limit)
    return wrong("prefetch_max", "must be from 1 to 256");
  if (options.idle_after.count() < 0)
    return wrong("idle_after", "must not be negative");
  if (options.stall_max < 0ms || options.stall_max > 24h)
    return wrong("stall_max", "must be between 0 ms and 24 hours");
  if (options.worker.where != placement::own_process)
    return wrong("worker.where", "tasks run in processes of their own");
  if (options.worker.when_full != overflow::wait)
    return wrong("worker.when_full", "is not used: tasks wait in the executor, see tasks_max");
  if (options.worker.restart != restart_policy{})
    return wrong("worker.restart",
                 "is not used: an executor replaces each worker that dies, see task_options for its tasks");
  if (options.worker.recycle.wanted())
    return wrong("worker.recycle", "is not used: see tasks_per_worker_max");
  if (options.worker.handler != handler_policy{})
    return wrong("worker.handler", "is not used: see task_options::time_max and stall_max");
  if (options.worker.spares != 0)
    return wrong("worker.spares", "is not used: workers_min says how many workers wait for tasks");
  if (options.finalizer.function != 0 && options.worker.finalizer.function != 0)
    return wrong("finalizer", "is set twice: set it here or in worker, not in both");
  return check(options.worker);
}

caf::error check(const task_options& options) {
  if (options.priority > task_priority::high)
    return wrong("priority", "must be normal or high");
  if (options.stop_grace.count() < 0)
    return wrong("stop_grace", "must not be negative");
  if (options.time_max.count() < 0)
    return wrong("time_max", "must not be negative");
  return {};
}

} // namespace bulkhead
