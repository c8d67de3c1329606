#pragma once

#include <caf/default_enum_inspect.hpp>
#include <caf/string_view.hpp>

#include <cstdint>
#include <string>
#include <type_traits>

namespace bulkhead {

/// What a message was, without its content.
struct message_head {
  /// The names of its types, as in "(string, int32_t)"; at most four of them.
  std::string types;
  /// Id of the sender in its own process; 0 if the message names none.
  uint64_t sender = 0;
  /// Id of the receiver in its own process.
  uint64_t receiver = 0;
  /// The host's number for the sender's process; 0 is the host itself.
  uint32_t sender_process = 0;
  /// How its sender numbers it; 0 if it is no request.
  uint64_t request = 0;
  /// Size of the encoded message; 0 if it came from the same process.
  uint64_t bytes = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, message_head& x) {
    return f.object(x).fields(f.field("types", x.types), f.field("sender", x.sender), f.field("receiver", x.receiver),
                              f.field("sender_process", x.sender_process), f.field("request", x.request),
                              f.field("bytes", x.bytes));
  }
};

/// For people, such as "(string) from actor 12 of the host to actor 3, request 3, 17 bytes".
/// @param head any.
std::string describe(const message_head& head);

/// What a `worker_event` is about.
enum class worker_event_kind : uint8_t {
  /// An actor has handled a message.
  handled,
  /// An actor had begun to handle a message.
  handling,
  /// `bulkhead::mark` was called.
  mark,
  /// A line was written to standard output or error.
  line,
};

/// The name of the kind, as written above.
/// @param what any.
std::string to_string(worker_event_kind what);
bool from_string(caf::string_view text, worker_event_kind& what);
bool from_integer(std::underlying_type_t<worker_event_kind> number, worker_event_kind& what);

template <class Inspector>
bool inspect(Inspector& f, worker_event_kind& what) {
  return caf::default_enum_inspect(f, what);
}

/// What happened in a worker.
struct worker_event {
  /// What has happened.
  worker_event_kind what = worker_event_kind::mark;
  /// How long before its end was noticed, in milliseconds; some milliseconds wrong.
  uint64_t before_end_ms = 0;
  /// A mark's or a line's text.
  std::string text;
  /// Of a message.
  message_head message;

  template <class Inspector>
  friend bool inspect(Inspector& f, worker_event& x) {
    return f.object(x).fields(f.field("what", x.what), f.field("before_end_ms", x.before_end_ms),
                              f.field("text", x.text), f.field("message", x.message));
  }
};

/// One line for people, such as "12 ms before: handled (string) from actor 12 of the host to actor 3".
/// @param event any.
std::string describe(const worker_event& event);

} // namespace bulkhead
