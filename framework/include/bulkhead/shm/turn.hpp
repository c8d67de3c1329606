#pragma once

#include <atomic>
#include <cstdint>

namespace bulkhead::shm {

/// A right that one thread at a time has, such as to read a mailbox. Nobody waits for it in here; giving it back costs no
/// locked instruction, because it changes hands once per message.
///
/// Thread safety: all functions from any thread; `give_back` by the one that took it.
class turn {
public:
  [[nodiscard]] bool try_take() noexcept {
    auto now = state_.load(std::memory_order_relaxed); // Relaxed: a guess, which the exchange checks.
    return now % 2 == 0 && state_.compare_exchange_strong(now, now + 1, std::memory_order_acquire); // sync: give/take
  }

  void give_back() noexcept {
    auto now = state_.load(std::memory_order_relaxed); // Relaxed: nobody else writes it meanwhile.
    state_.store(now + 1, std::memory_order_release);  // sync: give/take
  }

  [[nodiscard]] bool taken() const noexcept {
    return count() % 2 != 0;
  }

  /// Grows whenever it is taken or given back.
  [[nodiscard]] uint64_t count() const noexcept {
    return state_.load(std::memory_order_relaxed); // Relaxed: an observation, on which nothing hangs.
  }

private:
  std::atomic<uint64_t> state_ = 0;
};

} // namespace bulkhead::shm
