#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace bulkhead {

/// Which member of a pool gets a message.
enum class dispatch : uint8_t {
  /// The one that has fewest. Messages that no member has room for wait in the pool, and what a member has not begun when it dies goes
  /// to the others. Messages of one sender may be handled at the same time, and overtake each other.
  least_loaded,
  /// As `least_loaded`, but each in turn.
  round_robin,
  /// All messages with the same key (`pool_options::key`) go to the same member, and are handled in the order of their sending; also
  /// when the pool grows or shrinks meanwhile.
  by_key,
  /// The same for all messages of the same sender. Those without a sender have a key of their own.
  by_sender,
};

namespace supervision {

/// How much one member has.
struct member_load {
  /// It has a process, and is not to end.
  bool takes = false;
  /// Given to it, and not handled yet.
  size_t taken = 0;
};

/// @returns the place of the member with fewest messages below `taken_max`, the first of several.
[[nodiscard]] std::optional<size_t> least_loaded(std::span<const member_load> all, size_t taken_max) noexcept;

/// @returns the place of the next member after `last` with less than `taken_max` messages.
[[nodiscard]] std::optional<size_t> next_in_turn(std::span<const member_load> all, size_t last,
                                                 size_t taken_max) noexcept;

/// The place of the member for a key; `members` must not be empty. When a member comes or goes, only the keys that it has, or had, move
/// (Thaler, Ravishankar: Using name-based mappings to increase hit rates, 1998).
[[nodiscard]] size_t rendezvous(uint64_t key, std::span<const uint32_t> members) noexcept;

/// How many members of a pool are more than it needs, if it had `peak` messages at once at most.
[[nodiscard]] size_t surplus(size_t members, size_t members_min, size_t peak) noexcept;

} // namespace supervision

} // namespace bulkhead
