#pragma once

#include "bulkhead/runtime/task.hpp"
#include "bulkhead/transport/task_records.hpp"

#include <caf/actor_control_block.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace bulkhead::runtime {

class worker_process;

/// What an executor knows of one of its workers: which tasks are with it, by their numbers.
///
///            spawned          shutdown, idle, worn out, killed
///   starting -------> ready ----------------------------------> closing ----> (gone)
///       +---------------+------------------- death --------------------------->
///
/// Thread safety: guarded by the executor's mutex, except for what happens in the claim board.
struct pool_worker {
  enum class state : uint8_t { starting, ready, closing };

  [[nodiscard]] bool has_room() const noexcept {
    return next - oldest < shm::claim_board::slots;
  }

  /// Gives `what` the next number. Only with room.
  void add(const std::shared_ptr<task>& what);

  /// Task `number`, if it is still with this worker; null otherwise.
  [[nodiscard]] std::shared_ptr<task> find(uint64_t number) const;

  /// The same, and it is not any more.
  std::shared_ptr<task> take(uint64_t number);

  /// It has answered a batch, or ended a task.
  void answered() noexcept;

  /// How many calls the batch has that began with `number`.
  uint16_t& batch_size(uint64_t number) noexcept {
    return batch_sizes[number % shm::claim_board::slots];
  }

  state where = state::starting;
  transport::task_claims claims;
  std::shared_ptr<worker_process> process;
  caf::strong_actor_ptr runner;
  caf::strong_actor_ptr sink;

  uint64_t next = 1;
  /// Everything before it has ended or was taken back.
  uint64_t oldest = 1;
  size_t in_flight = 0;
  /// Calls of batches that it has not answered; those that were taken back are among them, with their arguments.
  size_t unanswered = 0;
  /// How many tasks it got and was left.
  uint64_t given = 0;
  /// It gets nothing before what it has is over: a suspect, or a task that was asked to stop.
  bool reserved = false;
  /// It refused a message: not before it has ended another task.
  bool crowded = false;
  std::chrono::steady_clock::time_point idle_since;
  std::chrono::steady_clock::time_point started_at;

  /// It has ended or got a task since the last look.
  bool stirred = false;
  /// When it was seen to do something, or got a task after it had none.
  std::chrono::steady_clock::time_point quiet_since;
  /// It has stood still with tasks, which went to others: it gets none before it answers.
  bool still = false;
  /// How long it may do nothing before that: longer each time it answered after all.
  std::chrono::milliseconds patience{100};

  std::array<std::shared_ptr<task>, shm::claim_board::slots> tasks;
  std::array<uint16_t, shm::claim_board::slots> batch_sizes{};
};

} // namespace bulkhead::runtime
