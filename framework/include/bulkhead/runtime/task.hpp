#pragma once

#include "bulkhead/runtime/outcome.hpp"
#include "bulkhead/runtime/task_function.hpp"

#include <caf/error.hpp>
#include <caf/message.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>

namespace bulkhead {

/// Which of the tasks that wait begin first.
enum class task_priority : uint8_t {
  /// After those with a high priority.
  normal,
  /// Before those with a normal priority.
  high,
};

/// How one task is treated.
struct task_options {
  /// How often it is begun again when its worker died while it ran. 0: the first death is its error.
  uint32_t retries_max = 0;

  /// Only among the tasks that wait in the host.
  task_priority priority = task_priority::normal;

  /// How long a task that runs may go on after it was cancelled, or has reached `time_max`, to look at `this_task::stop_requested` and clean
  /// up, before its process is killed. 0: it is killed at once; more than 24 hours are 24 hours.
  std::chrono::milliseconds stop_grace{0};

  /// How long the task may run, from the moment at which it begins in a worker. Then its process is killed: its error is `worker_lost`, with
  /// the cause `overran`, and no other task notices. 0: no limit.
  std::chrono::milliseconds time_max{0};
};

/// Returns `errc::invalid_option` with the name of the first option that makes no sense.
[[nodiscard]] caf::error check(const task_options& options);

} // namespace bulkhead

namespace bulkhead::runtime {

class executor_core;

[[nodiscard]] inline std::chrono::milliseconds grace_of(const task_options& options) noexcept {
  return std::min<std::chrono::milliseconds>(options.stop_grace, std::chrono::hours{24});
}

struct pool_worker;

/// A call on its way through an executor.
///
/// Thread safety: `cancel` from any thread; everything below `result` is guarded by the executor's mutex.
class task final : public canceller, public std::enable_shared_from_this<task> {
public:
  ///            accepted         sent
  ///   made ----------------> queued -> assigned -> done
  ///     +-> waits_for_room ----^  ^-- taken back -+   ^-- from each: refused, cancelled
  enum class state : uint8_t { made, waits_for_room, queued, assigned, done };

  task(const task_entry& function, caf::message arguments, task_options options, std::shared_ptr<outcome_base> result);

  ~task() override;

  bool cancel() override;

  const task_entry& function;
  /// Guarded, too. Until it is done.
  caf::message arguments;
  const task_options options;
  const std::shared_ptr<outcome_base> result;

  /// A worker that dies while it reads a task has begun none. So a task that was near several deaths without having begun is given
  /// to a worker that has nothing else, and then it is known whose fault it is.
  static constexpr uint32_t deaths_nearby_max = 3;

  [[nodiscard]] bool is_suspect() const noexcept {
    return deaths_nearby >= deaths_nearby_max;
  }

  state where = state::made;
  /// While it is queued.
  std::list<std::shared_ptr<task>>::iterator place;
  /// It was asked to stop because it has reached its `time_max`.
  bool overdue = false;
  /// Of workers that had begun it.
  uint32_t deaths = 0;
  /// Of workers that had not.
  uint32_t deaths_nearby = 0;
  /// The same, of those that had nothing else.
  uint32_t deaths_alone = 0;
  std::shared_ptr<executor_core> executor;
  /// While it is assigned.
  std::shared_ptr<pool_worker> worker;
  uint64_t number = 0;
  /// The number under which it was seen to run, and when it had begun.
  uint64_t begun_as = 0;
  std::chrono::steady_clock::time_point begun;
};

} // namespace bulkhead::runtime
