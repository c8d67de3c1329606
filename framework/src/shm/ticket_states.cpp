#include "bulkhead/shm/ticket_states.hpp"

#include <atomic>
#include <new>

namespace bulkhead::shm {

namespace {

using word = std::atomic<uint32_t>;

static_assert(sizeof(word) == sizeof(uint32_t) && word::is_always_lock_free);

size_t place_of(uint64_t ticket) noexcept {
  return static_cast<uint32_t>(ticket);
}

uint32_t word_of(uint64_t ticket, ticket_state state) noexcept {
  return static_cast<uint32_t>(ticket >> 32 << 2) | static_cast<uint32_t>(state);
}

} // namespace

// Relaxed, here and below: nobody reads before the writer's process is gone, and the order in which a dead process executed is the
// order of its program. The body stands here and in no header, so that no compiler moves the store over a handler.
void note(std::span<std::byte> states, uint64_t ticket, ticket_state state) noexcept {
  auto place = place_of(ticket);
  if (place >= states.size() / sizeof(word))
    return;
  auto words = std::launder(reinterpret_cast<word*>(states.data()));
  words[place].store(word_of(ticket, state), std::memory_order_relaxed);
}

ticket_state state_of(std::span<const std::byte> states, uint64_t ticket) noexcept {
  auto place = place_of(ticket);
  if (place >= states.size() / sizeof(word))
    return ticket_state::unknown;
  auto words = std::launder(reinterpret_cast<const word*>(states.data()));
  auto found = words[place].load(std::memory_order_relaxed);
  if (found >> 2 != word_of(ticket, {}) >> 2)
    return ticket_state::untouched;
  return static_cast<ticket_state>(found & 3);
}

} // namespace bulkhead::shm
