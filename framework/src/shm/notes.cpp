#include "bulkhead/shm/notes.hpp"

#include "bulkhead/shm/layout.hpp"

namespace bulkhead::shm {

// Relaxed everywhere: each word says all there is to say, nothing else is read because of it.

void leave_last_words(std::byte* own_region, uint32_t cause) noexcept {
  uint32_t none = 0;
  header_of(own_region)->last_words.compare_exchange_strong(none, cause, std::memory_order_relaxed);
}

uint32_t last_words(const std::byte* region) noexcept {
  return header_of(region)->last_words.load(std::memory_order_relaxed);
}

void give_hint(std::byte* own_region, uint32_t competing_loops) noexcept {
  header_of(own_region)->hint.store(competing_loops, std::memory_order_relaxed);
}

uint32_t hint(const std::byte* region) noexcept {
  return header_of(region)->hint.load(std::memory_order_relaxed);
}

bool sleeps(const std::byte* region) noexcept {
  // Relaxed: a guess about how busy the machine is, nothing hangs on it.
  return header_of(region)->armed.load(std::memory_order_relaxed) % 2 != 0;
}

} // namespace bulkhead::shm
