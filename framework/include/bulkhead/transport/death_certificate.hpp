#pragma once

#include "bulkhead/transport/worker_death.hpp"
#include "bulkhead/transport/worker_event.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead {

/// A call that had not returned. With debugging information, functions that the compiler put into others have frames of their own,
/// with the same offset.
struct stack_frame {
  /// Demangled; empty if there is no symbol.
  std::string function;
  /// File and line if the program has debugging information: "decode.cpp:17", or "caf/behavior.hpp:5" below a folder "include".
  std::string source;
  /// The file of the program or library.
  std::string module;
  /// Where in that file the call returns to, in bytes.
  uint64_t offset = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, stack_frame& x) {
    return f.object(x).fields(f.field("function", x.function), f.field("source", x.source), f.field("module", x.module),
                              f.field("offset", x.offset));
  }
};

/// All that is known about the death of a worker process. Each death gives one, told to whoever subscribed (`host::subscribe`):
/// also that of a spare, of a process of an executor, of one that was replaced as planned, and of one that died while it started.
/// A process that ends because it was told to, or because nothing lives in it any more, does not die.
///
/// What the process itself has left behind is told as it stands there: a process that wrote at random may have damaged it.
struct death_certificate {
  /// What requests, monitors and links get.
  worker_death death;
  /// When its end was noticed, in milliseconds since 1970.
  uint64_t at_unix_ms = 0;
  /// For how long it had lived, in milliseconds.
  uint64_t uptime_ms = 0;
  /// The names of the actors that the host had spawned in it and that lived.
  std::vector<std::string> roots;

  /// What the signal means; empty if none ended it. "SIGSEGV, segmentation fault: address not mapped".
  std::string meaning;
  /// The address that a fault was about; 0 if there is none.
  uint64_t address = 0;
  /// Whether the kernel has written a core file.
  bool core_dumped = false;
  /// The application had it killed: by `worker::kill`, or because it cancelled the task that ran.
  bool ordered = false;
  /// The option whose limit or deadline was hit: "memory_bytes_max", "stop_timeout", "startup_timeout", "slow_after",
  /// "handler.time_max" or "handler.stall_max"; "kernel" if the kernel killed it because the machine, or its control group, had no
  /// memory left. Empty if none was.
  std::string limit;
  /// The value of that option, in its own unit; 0 if no limit was hit.
  uint64_t limit_value = 0;

  /// The type of the exception that no handler caught; empty if there was none.
  std::string exception_type;
  /// What that exception said.
  std::string exception_text;
  /// The name of the thread that crashed. Empty if the process was killed from outside, or ended by itself.
  std::string thread;
  /// The calls of that thread, innermost first, 128 at most.
  std::vector<stack_frame> stack;
  /// Why functions of the stack have no names: what looks for them, a process of its own, could not be started, has crashed or was
  /// killed. Empty if all was looked up.
  std::string names_missing;

  /// The messages that were being handled, by one actor or by several threads.
  std::vector<message_head> handling;
  /// How many messages its actors have begun to handle and finished.
  uint64_t messages_handled = 0;

  /// Processor time in the program itself, in microseconds.
  uint64_t user_time_us = 0;
  /// Processor time in the kernel, in microseconds.
  uint64_t system_time_us = 0;
  /// Most memory that was present at one time, shared memory included; 0 if not known.
  uint64_t memory_peak_bytes = 0;

  /// The end of what it wrote to standard error: 20 lines and 4 KiB at most. Empty if that goes elsewhere (`output`).
  std::vector<std::string> last_lines;
  /// The last 256 events that it recorded, and the last lines that it wrote, oldest first.
  std::vector<worker_event> events;

  template <class Inspector>
  friend bool inspect(Inspector& f, death_certificate& x) {
    return f.object(x).fields(
      f.field("death", x.death), f.field("at_unix_ms", x.at_unix_ms), f.field("uptime_ms", x.uptime_ms),
      f.field("roots", x.roots), f.field("meaning", x.meaning), f.field("address", x.address),
      f.field("core_dumped", x.core_dumped), f.field("ordered", x.ordered), f.field("limit", x.limit),
      f.field("limit_value", x.limit_value), f.field("exception_type", x.exception_type),
      f.field("exception_text", x.exception_text), f.field("thread", x.thread), f.field("stack", x.stack),
      f.field("names_missing", x.names_missing), f.field("handling", x.handling),
      f.field("messages_handled", x.messages_handled), f.field("user_time_us", x.user_time_us),
      f.field("system_time_us", x.system_time_us), f.field("memory_peak_bytes", x.memory_peak_bytes),
      f.field("last_lines", x.last_lines), f.field("events", x.events));
  }
};

/// Several lines for people. The first one is that of its `worker_death`; of the stack it has the application's frames with short
/// names, of the events the last sixteen. `to_json` has all.
/// @param certificate any.
std::string describe(const death_certificate& certificate);

/// Where the application crashed, in one line: "app::decode (decode.cpp:17)". It is the innermost frame of the application's own
/// program, or else of a library that it calls. Empty if there is no such frame.
/// @param certificate any.
[[nodiscard]] std::string crash_site(const death_certificate& certificate);

/// As one JSON object.
/// @param certificate any.
std::string to_json(const death_certificate& certificate);

/// Whether something went wrong: false for a process that was replaced as planned, or that the application had killed. Only what is
/// abnormal goes to the log and to files.
/// @param certificate any.
[[nodiscard]] bool is_abnormal(const death_certificate& certificate) noexcept;

/// `text` without control characters and what is no UTF-8, which become question marks; the first `bytes_max` bytes at most.
[[nodiscard]] std::string printable(std::string_view text, size_t bytes_max);

} // namespace bulkhead
