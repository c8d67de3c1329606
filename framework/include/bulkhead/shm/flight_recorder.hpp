#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace bulkhead::shm {

// The last events of a process, in memory that it alone writes and that another process reads after its death.
//
//   byte 0      64                      64 + 256 * 64               + 256 * 64
//        +-------+-----------------------+---------------------------+
//        | words | slots, 64 bytes each  | texts, 64 bytes each      |
//        +-------+-----------------------+---------------------------+
//
//   An event has a position, counted from 0, and stands in the slot whose index is the position modulo 256; the text of a mark stands
//   in the text of the same index. `sequence` is twice the position plus one while the slot is being written, plus two when it is
//   complete, so a slot in which a thread was killed is known by its odd number.
//
// Any number of threads write. One that finds its slot being written by another leaves that one alone and takes the next, so nobody
// waits, and a thread that stops in the middle costs one slot.

constexpr size_t recorded_events_max = 256;
constexpr size_t event_text_bytes_max = 64;

enum class recorded_kind : uint32_t { none, message, mark };

/// Says that there is no further type.
constexpr uint16_t no_type = 0xffff;

/// A message that an actor begins to handle.
struct recorded_message {
  uint64_t sender = 0;
  uint64_t receiver = 0;
  /// CAF's message id.
  uint64_t request = 0;
  /// Four type ids, the first one in the lowest bits; those that are missing are `no_type`.
  uint64_t types = ~uint64_t{0};
  uint32_t sender_process = 0;
  /// At most 4 GiB are told.
  uint32_t bytes = 0;
};

/// An event as it was found.
struct recorded_event {
  uint64_t position = 0;
  uint64_t time_ns = 0;
  recorded_kind kind = recorded_kind::none;
  /// The message was handled.
  bool ended = false;
  recorded_message message;
  char text[event_text_bytes_max] = {};
};

struct recorder_memory {
  template <class T>
  using atom = std::atomic<T>;

  struct slot {
    atom<uint64_t> sequence;
    atom<uint64_t> time_ns;
    atom<uint64_t> sender;
    atom<uint64_t> receiver;
    atom<uint64_t> request;
    atom<uint64_t> types;
    atom<uint32_t> sender_process;
    atom<uint32_t> bytes;
    atom<uint32_t> kind;
    /// The lower half of the position plus one, once the message was handled.
    atom<uint32_t> ended;
  };

  struct text {
    atom<uint64_t> words[event_text_bytes_max / sizeof(uint64_t)];
  };

  /// Where the next event probably goes.
  alignas(64) atom<uint64_t> next;
  /// How many events were no messages.
  atom<uint64_t> marks;
  alignas(64) slot slots[recorded_events_max];
  text texts[recorded_events_max];
};

static_assert(sizeof(recorder_memory::slot) == 64 && sizeof(recorder_memory::text) == 64);
static_assert(offsetof(recorder_memory::slot, types) == 40 && offsetof(recorder_memory::slot, kind) == 56);
static_assert(offsetof(recorder_memory, slots) == 64 && offsetof(recorder_memory, texts) == 64 + 256 * 64);
static_assert(sizeof(recorder_memory) == 64 + 2 * 256 * 64);
static_assert(std::atomic<uint64_t>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free);

/// Writes events. All zero memory holds none.
///
/// Thread safety: all functions from any thread, a signal handler too. Lifetime: the memory outlives it.
class flight_recorder {
public:
  /// Names an event; 0 names none.
  using ticket = uint64_t;

  explicit flight_recorder(recorder_memory& memory) noexcept : memory_(&memory) {
    // nop
  }

  /// @returns 0 if it could not be recorded, because other threads stand in too many slots.
  ticket begin(const recorded_message& what, uint64_t time_ns) noexcept;

  /// The message was handled.
  void end(ticket which) noexcept;

  /// @param text longer ones are cut off.
  void mark(std::string_view text, uint64_t time_ns) noexcept;

private:
  [[nodiscard]] uint64_t claim() noexcept;
  void complete(uint64_t position) noexcept;

  recorder_memory* memory_;
};

/// What a flight recorder has left.
struct recorded_flight {
  /// Those that are whole, oldest first.
  std::vector<recorded_event> events;
  /// So many messages were begun.
  uint64_t messages = 0;
};

/// @param memory foreign, of a process that does not write any more: anything may stand there.
[[nodiscard]] recorded_flight read_flight(const recorder_memory& memory);

} // namespace bulkhead::shm
