#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace bulkhead::shm {

/// A number to which many processes add without fighting for one cache line: each adds to a cell of its own, or shares it
/// with few. What a process has added stays when it dies.
///
/// Thread safety: any thread of any process that maps the memory. Lifetime: the memory outlives it.
class counter_cells {
public:
  static constexpr size_t cells = 64;
  static constexpr size_t stride = 128;

  /// Bytes of memory that it needs, all zero at first.
  static constexpr size_t bytes = cells * stride;

  /// @param memory writable.
  explicit counter_cells(std::byte* memory) noexcept : memory_(memory) {}

  /// @param who any number of the calling process, best one that few others have modulo `cells`.
  void add(size_t who, uint64_t amount) noexcept {
    // Relaxed: nothing but the number itself is told by it.
    cell(who).fetch_add(amount, std::memory_order_relaxed);
  }

  /// The sum of all cells, each read once: all that was added before this call, and perhaps some of what is added meanwhile.
  [[nodiscard]] uint64_t sum() const noexcept {
    uint64_t result = 0;
    for (size_t i = 0; i < cells; ++i)
      result += cell(i).load(std::memory_order_relaxed); // Relaxed: as above.
    return result;
  }

private:
  [[nodiscard]] std::atomic<uint64_t>& cell(size_t who) const noexcept {
    return *reinterpret_cast<std::atomic<uint64_t>*>(memory_ + who % cells * stride);
  }

  std::byte* memory_;
};

static_assert(std::atomic<uint64_t>::is_always_lock_free);

} // namespace bulkhead::shm
