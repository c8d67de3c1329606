#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace bulkhead::shm {

/// Where the writer of a region marks open tickets: their requests have expired, or their handlers run for too long. All zero in the beginning: no ticket is 0.
///
/// A ticket has one place, by its lower bits, and a later one may take it from it; so this is advice, and what it misses is done in vain.
/// Tickets are never used again, so what stands there too long says nothing.
///
/// Thread safety: `note` from any thread of the writer, `has` from any process.
class lapse_board {
public:
  void note(uint64_t ticket) noexcept {
    tickets_[place_of(ticket)].store(ticket, std::memory_order_relaxed);
  }

  /// On the path of each message: a load of a line that hardly ever changes.
  [[nodiscard]] bool has(uint64_t ticket) const noexcept {
    return tickets_[place_of(ticket)].load(std::memory_order_relaxed) == ticket;
  }

  /// Tickets at the same distance share a place.
  static constexpr size_t places = 4096;

private:
  static size_t place_of(uint64_t ticket) noexcept {
    return ticket % places;
  }

  std::array<std::atomic<uint64_t>, places> tickets_;
};

/// Whole pages.
constexpr size_t lapse_board_bytes = sizeof(lapse_board);

static_assert(lapse_board_bytes == 32 * 1024 && std::atomic<uint64_t>::is_always_lock_free);

} // namespace bulkhead::shm
