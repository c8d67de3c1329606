#pragma once

#include <cstdint>

namespace bulkhead {

/// What becomes of a message when too many before it have not been handled yet.
enum class overflow : uint8_t {
  /// The message waits in the sender's process, and the actor that sends is not resumed until there is room again. No thread
  /// waits. What an actor sends in one turn, some sixteen handlers, may wait up to the limits of an actor; senders that
  /// cannot be suspended, such as threads and blocking actors, may use up to twice the limits. Beyond that it is as `fail`,
  /// and so it is for a receiver that handled nothing for `slow_after`.
  wait,
  /// A request is answered with `errc::mailbox_full` at once; an asynchronous message is dropped and counted.
  fail,
  /// An asynchronous message is dropped and counted; requests may use up to twice the limits, then they fail.
  drop_newest,
  /// Messages wait in the sender's process, up to the limits once more; then the oldest asynchronous one for the same receiver
  /// is dropped and counted. A request fails if only requests wait. The end of a sender may be seen before what still waits.
  drop_oldest,
};

/// What happens when a receiver that others wait for handles nothing for `slow_after`.
enum class slow_consumer : uint8_t {
  /// Who subscribed to the host's events is told; whoever waits goes on, and its messages fail until there is progress.
  report,
  /// The same, and the worker in which the receiver lives is killed: its open requests fail with `errc::worker_lost`, cause `stopped`.
  kill,
};

/// Bounds of what was sent in one direction and has not been handled. A message counts from when it was sent until its handler
/// has returned, wherever it is at the time: in the sender's process, in shared memory, in the receiver's mailbox.
struct backlog_limits {
  /// Bytes of memory, as `waiting_bytes` estimates them. A single larger message passes when nothing else waits.
  uint64_t bytes_max = 0;
  /// At least 1.
  uint64_t messages_max = 0;

  friend bool operator==(const backlog_limits&, const backlog_limits&) = default;
};

/// How much may wait, and what happens then, in each direction of an edge.
struct backlog_options {
  /// Of all actors of a worker together, and in the other direction of all that its actors sent.
  backlog_limits all;
  /// Of one actor.
  backlog_limits each;
  overflow when_full = overflow::wait;
  slow_consumer when_slow = slow_consumer::report;
  /// How long a receiver at its limits may handle nothing before it is slow. 0: for ever.
  uint64_t slow_after_ms = 0;
};

/// What a message of so many encoded bytes takes while it waits in a mailbox of CAF 0.18.7: what CAF keeps besides its value, and what
/// the allocator loses between blocks of different sizes, measured with glibc's (the bench `flood`).
[[nodiscard]] constexpr uint64_t waiting_bytes(uint64_t encoded) noexcept {
  return encoded + encoded / 4 + 512;
}

} // namespace bulkhead
