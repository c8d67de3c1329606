#include "bulkhead/runtime/executor_options.hpp"

#include "bulkhead/shm/claim_board.hpp"
#include "bulkhead/transport/type_ids.hpp"

namespace bulkhead {

namespace {

constexpr size_t prefetch_limit = 256;

static_assert(prefetch_limit * 2 <= shm::claim_board::slots);

caf::error wrong(const char* option, const char* why) {
  return caf::make_error(errc::invalid_option, option, why);
}

} // namespace

caf::error check(const executor_options& options) {
  if (options.workers_max != 0 && options.workers_min > options.workers_max)
    return wrong("workers_min", "must not exceed workers_max");
  if (options.prefetch_max < 1 || options.prefetch_max > prefetch_limit)
    return wrong("prefetch_max", "must be from 1 to 256");
  if (options.idle_after.count() < 0)
    return wrong("idle_after", "must not be negative");
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
    return wrong("worker.handler", "is not used: cancel a task that runs for too long");
  if (options.worker.spares != 0)
    return wrong("worker.spares", "is not used: see workers_min");
  if (options.finalizer.function != 0 && options.worker.finalizer.function != 0)
    return wrong("finalizer", "is set twice: set it here or in worker, not in both");
  return check(options.worker);
}

} // namespace bulkhead
