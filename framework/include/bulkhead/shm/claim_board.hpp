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
  static constexpr size_t bytes = (slots + 2) * sizeof(uint64_t);

  /// @param memory writable.
  explicit claim_board(std::byte* memory) noexcept : memory_(memory) {}

  /// The worker begins `task`. False if it was taken back. One at a time.
  [[nodiscard]] bool begin(uint64_t task) noexcept {
    // Before the claim: who sees that finds this, or a later one.
    latest().store(task, std::memory_order_relaxed);
    return claim(task, begun_mark);
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

  std::byte* memory_;
};

static_assert(std::atomic<uint64_t>::is_always_lock_free);

} // namespace bulkhead::shm
