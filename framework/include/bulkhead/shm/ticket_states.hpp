#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bulkhead::shm {

// How far a process has come with the messages that were sent to it, in memory that it alone writes and that its peer reads after
// its death: tickets come back in batches, and a batch that was not sent dies with the process.
//
//   one word of 32 bits for each place among the open tickets (the lower half of a ticket):
//
//     31                              2   1    0
//     +---------------------------------+-------+
//     | the upper half of the ticket    | state |
//     +---------------------------------+-------+
//
// A place is used again only after its ticket has come back, so a word of an earlier ticket says that nobody has begun with
// the present one.

enum class ticket_state : uint8_t {
  untouched,
  /// The handler was entered.
  entered,
  /// It has returned, or the message was thrown away.
  handled,
  /// There is no room for this ticket in the memory, or garbage stands there.
  unknown,
};

/// Most places for which there is room; what has a higher one is in doubt when the process dies.
constexpr size_t tracked_tickets_max = size_t{1} << 17;

[[nodiscard]] constexpr size_t ticket_states_bytes(size_t tickets) noexcept {
  return tickets * sizeof(uint32_t);
}

/// Notes the state of a ticket. Any thread; the threads that handle one message must not do so at the same time.
void note(std::span<std::byte> states, uint64_t ticket, ticket_state state) noexcept;

/// @param states foreign: anything may stand there.
[[nodiscard]] ticket_state state_of(std::span<const std::byte> states, uint64_t ticket) noexcept;

} // namespace bulkhead::shm
