#pragma once

#include "bulkhead/transport/worker_death.hpp"

#include <caf/default_enum_inspect.hpp>
#include <caf/string_view.hpp>

#include <cstdint>
#include <string>
#include <type_traits>

namespace bulkhead {

/// What happened to a supervised worker.
enum class supervision_incident : uint8_t {
  /// A new process has taken over from the dead one.
  restarted,
  /// It died too often, or could not be started again: its handle has ended.
  gave_up,
  /// A message in whose handler too many processes died is not tried again.
  quarantined,
  /// An asynchronous message was being handled when the process died, and is lost.
  lost,
  /// Processes that should wait as spares die, or do not start: no more are started for a while. The slot is the spares' own, their
  /// incarnation 0.
  spares_failed,
  /// A new process has taken over from one that was to be replaced.
  recycled,
  /// A pool has one member more, because messages waited. Of this and the next two, `incarnation`, `pid` and `death` say nothing.
  grown,
  /// A pool let a member go that it did not need.
  shrunk,
  /// A pool could not start one member more. It tries again after `restart_policy::within`.
  growth_failed,
  /// A handler runs for longer than its `handler_policy` allows. Told once for each message; `death` says nothing yet.
  overran,
  /// A process has messages, and begins with none of them for longer than `handler_policy::stall_max`. `death` says nothing yet.
  stalled,
  /// A process of another program has taken over: see `host::upgrade`. `death` says nothing.
  upgraded,
  /// Another program did not come up, or its process died in its probation: the former one serves. `death` says why.
  upgrade_failed,
  /// A fork server has died, or did not come up; workers are started without one meanwhile. The slot is its own, its incarnation 0.
  fork_server_failed,
  /// An executor could not start a worker, several times in a row: tasks that wait while it has none fail with the reason. It goes on trying.
  /// Of this and the next one, `detail` says all.
  executor_down,
  /// It has started one again.
  executor_up,
};

/// The name of the incident, as written above.
/// @param what any.
std::string to_string(supervision_incident what);
bool from_string(caf::string_view text, supervision_incident& what);
bool from_integer(std::underlying_type_t<supervision_incident> number, supervision_incident& what);

template <class Inspector>
bool inspect(Inspector& f, supervision_incident& what) {
  return caf::default_enum_inspect(f, what);
}

/// Told to whoever subscribed to a host's events (`host::subscribe`).
struct supervision_event {
  /// What has happened.
  supervision_incident what = supervision_incident::restarted;
  /// The host's number for the worker's position.
  uint32_t slot = 0;
  /// Which process in that position, counted from 1: the one that lives now, or the dead one unless it was replaced.
  uint32_t incarnation = 0;
  /// The number of that process.
  int32_t pid = 0;
  /// Of the process before, or of the last one.
  worker_death death;
  /// More about it, for people: the types of a message, the story of many deaths.
  std::string detail;

  template <class Inspector>
  friend bool inspect(Inspector& f, supervision_event& x) {
    return f.object(x).fields(f.field("what", x.what), f.field("slot", x.slot), f.field("incarnation", x.incarnation),
                              f.field("pid", x.pid), f.field("death", x.death), f.field("detail", x.detail));
  }
};

/// One line for people, such as "worker 2.1 (pid 4711) was killed by signal 9, worker 2.2 (pid 4712) took over".
/// @param event any.
std::string describe(const supervision_event& event);

} // namespace bulkhead
