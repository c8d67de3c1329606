#pragma once

#include <caf/default_enum_inspect.hpp>
#include <caf/string_view.hpp>

#include <cstdint>
#include <string>
#include <type_traits>

namespace bulkhead {

/// What happened to messages that wait to be handled.
enum class backlog_incident : uint8_t {
  /// Asynchronous messages were dropped because there was no room for them, or no receiver: `messages` of them since the last event.
  dropped,
  /// A receiver at its limits has handled nothing for `slow_after`.
  slow_consumer,
  /// Actors wait for each other, each for room with the next or for its response; `detail` holds the circle. New messages of one of
  /// them to the next fail until there is progress, or its request fails with `errc::deadlock`.
  deadlock,
};

/// The name of the incident, as written above.
/// @param what any.
std::string to_string(backlog_incident what);
bool from_string(caf::string_view text, backlog_incident& what);
bool from_integer(std::underlying_type_t<backlog_incident> number, backlog_incident& what);

template <class Inspector>
bool inspect(Inspector& f, backlog_incident& what) {
  return caf::default_enum_inspect(f, what);
}

/// Told to whoever subscribed to a host's events (`host::subscribe`).
struct backlog_event {
  /// What has happened.
  backlog_incident what = backlog_incident::dropped;
  /// The position of the worker that the messages went to or came from.
  uint32_t slot = 0;
  /// Which process in that position, counted from 1.
  uint32_t incarnation = 0;
  /// The number of that process.
  int32_t pid = 0;
  /// Whether the messages went to the worker; otherwise they came from it.
  bool to_worker = true;
  /// Id of the receiving actor in its own process; 0 if they are several.
  uint64_t receiver = 0;
  /// How many messages: that were dropped, or that wait for the receiver.
  uint64_t messages = 0;
  /// Encoded bytes that wait for the receiver.
  uint64_t bytes = 0;
  /// More about it, for people.
  std::string detail;

  template <class Inspector>
  friend bool inspect(Inspector& f, backlog_event& x) {
    return f.object(x).fields(f.field("what", x.what), f.field("slot", x.slot), f.field("incarnation", x.incarnation),
                              f.field("pid", x.pid), f.field("to_worker", x.to_worker), f.field("receiver", x.receiver),
                              f.field("messages", x.messages), f.field("bytes", x.bytes), f.field("detail", x.detail));
  }
};

/// One line for people, such as "worker 2.1 (pid 4711): actor 17 has handled nothing for 10 s while 65536 messages wait for it".
/// @param event any.
std::string describe(const backlog_event& event);

} // namespace bulkhead
