#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace bulkhead::shm {

/// Decides, for each task that waits in a worker's mailbox, whether the worker begins it or the host takes it back: exactly one
/// of them gets it, without a message, and what the worker has begun can be seen when it is dead.
///
/// Tasks are numbered from 1. A task and the one `slots` later share a word; nobody may hand out the later one before the earlier
/// one was begun or taken back.
///
/// Thread safety: any thread of the two processes that map the memory. Lifetime: the memory outlives it. Who scribbles in here
/// makes tasks of this one worker count as begun that were not, or the other way round.
class claim_board {
public:
  static constexpr size_t slots = 512;

  /// Bytes of memory that it needs, all zero at first.
  static constexpr size_t bytes = (2 * slots + 3) * sizeof(uint64_t);

  /// @param memory writable.
  explicit claim_board(std::byte* memory) noexcept : memory_(memory) {}

  /// The worker begins `task`. False if it was taken back. One at a time.
  /// @param now_ns the monotonic clock of both processes.
  [[nodiscard]] bool begin(uint64_t task, uint64_t now_ns = 0) noexcept {
    // Before the claim: who sees that finds this, or a later one.
    latest().store(task, std::memory_order_relaxed);
    calls().store(0, std::memory_order_relaxed);
    time(task).store(now_ns, std::memory_order_relaxed);
    return claim(task, begun_mark);
  }

  /// Of a task that was begun: when, as the worker says.
  [[nodiscard]] uint64_t begun_at(uint64_t task) const noexcept {
    return time(task).load(std::memory_order_relaxed);
  }

  /// The latest task begins call `index` of those that it consists of.
  void begin_call(uint64_t index) noexcept {
    calls().store(index + 1, std::memory_order_relaxed);
  }

  /// Number of calls of `task` that had begun when its worker died. Of a task that the worker was through with: the largest number.
  [[nodiscard]] uint64_t calls_begun(uint64_t task) const noexcept {
    return is_latest(task) ? calls().load(std::memory_order_relaxed) : UINT64_MAX;
  }

  /// The task that was begun, or was about to be, last.
  [[nodiscard]] uint64_t latest_task() const noexcept {
    return latest().load(std::memory_order_relaxed);
  }

  /// Of a task that was begun: whether no other one has been, or was about to be, since then.
  [[nodiscard]] bool is_latest(uint64_t task) const noexcept {
    return latest().load(std::memory_order_relaxed) == task;
  }

  /// The host takes `task` back. False if it was begun.
  [[nodiscard]] bool take_back(uint64_t task) noexcept {
    return claim(task, 0);
  }

  /// Whether the worker has begun `task`.
  [[nodiscard]] bool has_begun(uint64_t task) const noexcept {
    return word(task).load(std::memory_order_acquire) == (task << 1 | begun_mark); // sync: claim/see
  }

  /// The host wants `task` to end. Forgotten when it asks the same of another one.
  void ask_to_stop(uint64_t task) noexcept {
    asked_to_stop().store(task, std::memory_order_relaxed);
  }

  [[nodiscard]] bool is_asked_to_stop(uint64_t task) const noexcept {
    return asked_to_stop().load(std::memory_order_relaxed) == task;
  }

private:
  static constexpr uint64_t begun_mark = 1;

  // The word holds the latest task that was claimed, and by whom.
  bool claim(uint64_t task, uint64_t mark) noexcept {
    auto& claimed = word(task);
    auto last = claimed.load(std::memory_order_acquire); // sync: claim/see
    while (last >> 1 < task)
      // sync: claim/see
      if (claimed.compare_exchange_weak(last, task << 1 | mark, std::memory_order_acq_rel, std::memory_order_acquire))
        return true;
    return false;
  }

  [[nodiscard]] std::atomic<uint64_t>& at(size_t index) const noexcept {
    return *reinterpret_cast<std::atomic<uint64_t>*>(memory_ + index * sizeof(uint64_t));
  }

  [[nodiscard]] std::atomic<uint64_t>& word(uint64_t task) const noexcept {
    return at(task % slots);
  }

  [[nodiscard]] std::atomic<uint64_t>& latest() const noexcept {
    return at(slots);
  }

  [[nodiscard]] std::atomic<uint64_t>& asked_to_stop() const noexcept {
    return at(slots + 1);
  }

  [[nodiscard]] std::atomic<uint64_t>& calls() const noexcept {
    return at(slots + 2);
  }

  [[nodiscard]] std::atomic<uint64_t>& time(uint64_t task) const noexcept {
    return at(slots + 3 + task % slots);
  }

  std::byte* memory_;
};

static_assert(std::atomic<uint64_t>::is_always_lock_free);

} // namespace bulkhead::shm
