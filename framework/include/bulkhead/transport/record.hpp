#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace bulkhead::transport {

/// What a record in a mailbox says. Values are part of the protocol.
enum class record_kind : uint16_t {
  /// A message between actors. `word` is CAF's message id; the body holds the payload. An urgent one travels in the control
  /// lane if it fits there.
  message = 1,
  /// A part of a record that is too large for the mailbox. `target` names the stream, `word` is the size of the whole.
  piece = 2,
  /// The writer has a proxy for `target` and wants to know when that actor ends.
  watch = 3,
  /// The actor `source` of the writer's process ended; the body holds the reason.
  down = 4,
  /// The writer dropped its proxy for `target` after it had read `word` records of the data lane and `source` urgent messages.
  release = 5,
  /// Actor `source` linked itself to `target`.
  link = 6,
  /// Actor `source` undid its link with `target`.
  unlink = 7,
  /// `source` sends an exit message to `target`; the body holds the reason. Travels in the control lane.
  exit = 8,
  /// Start an actor as root `target`; the body says which.
  spawn = 9,
  /// Root `target` is actor `source` in the worker.
  rooted = 10,
  /// Root `target` is ready, or could not be started: then the body holds the error.
  spawned = 11,
  /// The worker shall end its actors and itself; if `word` is 1 it is frozen, and ends without another handler. Travels in the control
  /// lane.
  stop = 12,
  /// The writer has no copy left of what it borrowed as loan `target`. Travels in the control lane.
  give_back = 13,
  /// Messages were handled whose tickets the body lists, eight bytes each. Travels in the control lane.
  handled = 14,
  /// The writer has given up chunk `target` of its arena.
  forget_chunk = 15,
  /// The writer wants tickets back at once (`word` is odd) or when it suits (even). `word` grows with each change, and a lower one
  /// than before is late. Travels in the control lane.
  demand = 16,
  /// The body holds a `backlog_event` of the writer, for the host. Travels in the control lane.
  report = 17,
  /// The body lists the actors of the writer that wait for room, four numbers each: id of the wait, who waits, for whom, and both
  /// processes. Travels in the control lane.
  waits = 18,
  /// Nobody in the reader's process shall wait for `target`: it waits itself, in a circle that the body describes. Travels in the
  /// control lane.
  give_up = 19,
  /// No actor of the reader, a worker, shall begin with another message. Travels in the control lane.
  freeze = 20,
  /// None does, and all that was sent before stands before this record. `word` is 1 if the writer has a state to hand over and has
  /// not done so since it froze, else 0.
  frozen = 21,
  /// They may go on. Travels in the control lane.
  thaw = 22,
  /// To the host: what the successor of root `word`, which is actor `source`, shall start with; the one before is void. To a
  /// worker: what the predecessor of root `target` has left. The body is an encoded snapshot.
  snapshot = 23,
  /// The reader, a worker that is frozen, shall send the state of its root as it is now, and then `frozen` once more. Travels in
  /// the control lane.
  hand_over = 24,
  /// Nobody waits any more for the answer to request `word` of actor `source`, and what its handler has asked for in turn is not wanted
  /// either. Travels in the control lane.
  lapse = 25,
};

/// How many records have gone through one direction of an edge. The lanes count apart, because one overtakes the other.
struct record_counts {
  /// Of the data lane.
  uint64_t data = 0;
  /// Messages in the control lane.
  uint64_t urgent = 0;

  friend bool operator==(const record_counts&, const record_counts&) = default;
};

/// The last kind; anything above is garbage.
constexpr auto last_record_kind = record_kind::lapse;

/// Set if the body of a message starts with CAF's forwarding stack.
constexpr uint16_t flag_has_stages = 1;

/// Set if the body ends with an `attachments_trailer`.
constexpr uint16_t flag_has_attachments = 2;

/// The upper octet of a message's flags: how many processes died before in its handler.
constexpr uint16_t flag_deaths_shift = 8;

/// Set on the first piece of a record: it holds the envelope of the whole.
constexpr uint16_t flag_first_piece = 1;

/// Names a process of one host: 0 is the host itself, each worker process gets the next number and keeps it for ever.
using process_number = uint32_t;

constexpr process_number host_process = 0;

/// The fixed part of each record.
struct envelope {
  uint64_t target = 0;
  uint64_t source = 0;
  uint64_t word = 0;
  process_number target_process = host_process;
  process_number source_process = host_process;
  /// Of a message that is no response: comes back when it was handled. 0: the writer does not want to know.
  uint64_t ticket = 0;
};

static_assert(sizeof(envelope) == 40 && std::is_trivially_copyable_v<envelope>);

/// Reads the fixed part from `payload`, which must hold at least that many bytes.
inline envelope read_envelope(std::span<const std::byte> payload) noexcept {
  envelope result;
  std::memcpy(&result, payload.data(), sizeof(result));
  return result;
}

} // namespace bulkhead::transport
