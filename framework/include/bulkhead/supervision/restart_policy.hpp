#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

namespace bulkhead {

/// After which ends of an actor its worker is started anew. An exit message to the handle ends the actor for good, whatever this
/// says, and so do the end of the host and of the last handle.
enum class restart_when : uint8_t {
  /// Never: the handle ends with the process.
  never,
  /// When the process dies, or the actor ends with a reason other than `normal` and `user_shutdown`, such as an exception.
  on_crash,
  /// Whenever the actor ends.
  always,
};

/// What becomes of the message that was being handled when the process died.
enum class in_doubt : uint8_t {
  /// A request is answered with `errc::worker_lost`, `in_doubt` set in its `worker_death`. An asynchronous message is dropped,
  /// and those who subscribed to the host's events are told.
  fail,
  /// The successor handles it once more, in its place among the others; `attempt` tells it so. One that keeps killing workers
  /// is poison: see `restart_policy::poison_after`.
  retry,
  /// As `fail`, but an asynchronous message goes without a word.
  drop,
};

/// When and how a worker is replaced. The handle stays the same, and what the dead process had not begun to handle its
/// successor does, in order. For actors with a worker of their own (`host::spawn`).
///
/// An exception that a handler throws ends the process, so that it costs its own message only, like any other crash; unless the actor
/// has an exception handler of its own, or a thread of its own. An actor that ends by itself, by `quit`, or because of an error that it does not
/// handle, ends as a local one does before it is started anew: what waits in its mailbox then is lost, and requests among it fail.
struct restart_policy {
  /// After which ends it is replaced.
  restart_when when = restart_when::never;

  /// As `restarts_max`: nothing is given up; the pause before a restart grows up to `backoff_max`, and stays there while deaths go on.
  static constexpr uint32_t unlimited = UINT32_MAX;

  /// So many restarts within `within`; the next death ends the handle with `errc::restarts_exhausted`. From 0 to 1000, or `unlimited`.
  uint32_t restarts_max = 5;

  /// From 1 ms to 24 hours.
  std::chrono::milliseconds within{10'000};

  /// The first restart within `within` comes at once, the second one waits for so long, each further one twice as long as
  /// the one before, up to `backoff_max`; up to half of it is taken off at random. From 0 ms to 24 hours.
  std::chrono::milliseconds backoff_min{10};

  /// From `backoff_min` to 24 hours.
  std::chrono::milliseconds backoff_max{1'000};

  /// What becomes of the message that was being handled.
  in_doubt interrupted = in_doubt::fail;

  /// With `in_doubt::retry`: a message in whose handler so many processes died is not tried again; its sender gets `errc::poisoned`,
  /// those who subscribed are told, and it is kept as a `dead_letter`. From 1 to 100.
  uint32_t poison_after = 2;

  friend bool operator==(const restart_policy&, const restart_policy&) = default;
};

/// When a worker that works well is replaced all the same, because it leaks or fragments or shall take up what is new. Its successor is
/// ready before it is told to finish; then it completes the handlers that run and gives the answers that its actor has promised, for
/// `stop_timeout` at most, and what it had not begun to handle its successor does, in order. This is no crash: it counts against nothing,
/// and those who subscribed get `supervision_incident::recycled`. The actor's state goes with the process, but for what it hands over
/// (`on_handover`), and so do timers, answers that it waits for, and other actors of its process.
///
/// Only with a `restart_policy` other than `restart_when::never`.
struct recycle_policy {
  /// After so many handled messages; looked at when the next one is sent to it. 0: never.
  uint64_t messages_max = 0;

  /// After so long. 0: never. At most 365 days.
  std::chrono::milliseconds age_max{0};

  /// When its private memory has grown by so many bytes since its actor came up; looked at once a second. 0: never.
  uint64_t growth_bytes_max = 0;

  /// Whether any of these is set.
  [[nodiscard]] bool wanted() const noexcept {
    return messages_max != 0 || age_max.count() != 0 || growth_bytes_max != 0;
  }

  friend bool operator==(const recycle_policy&, const recycle_policy&) = default;
};

/// What happens when a handler runs for longer than it may.
enum class overrun : uint8_t {
  /// Those who subscribed to the host's events are told: `supervision_incident::overran`.
  report,
  /// They are told, and when the handler has not ended after `handler_policy::grace` either, its process is killed and replaced. The
  /// certificate of this death has the cause `overran`, and the stack of the thread that runs the worker's actors, for which it first gets
  /// a SIGABRT; the message is in doubt, all others go to the successor.
  kill,
};

/// How long one handler of an actor may run. Only with a `restart_policy` other than `restart_when::never`.
struct handler_policy {
  /// 0: for ever. At most 24 hours. The host looks every eighth of it, but no more often than each millisecond, and only while messages
  /// are not handled.
  std::chrono::milliseconds time_max{0};

  /// What happens when a handler has run for longer.
  overrun then = overrun::kill;

  /// For so long a handler may go on that asks `bulkhead::overdue` now and then, to end by itself. At most 24 hours.
  std::chrono::milliseconds grace{0};

  /// A handler is overdue as well when nobody waits for its answer any more: because the time of the request is over, or of the one in
  /// whose handler that was made. Whatever this says, a request is not begun with after that.
  bool deadlines = false;

  /// For how long a process may begin with none of its messages while no handler runs: then it hangs outside of handlers, or was stopped
  /// (SIGSTOP), and `then` says what happens, without `grace`. An actor that awaits a response, or that a receiver of its own makes wait,
  /// begins with none either, so this must be longer than such waits. 0: for ever. At most 24 hours.
  std::chrono::milliseconds stall_max{0};

  friend bool operator==(const handler_policy&, const handler_policy&) = default;
};

namespace supervision {

using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

/// @returns the first option that makes no sense and what it must be, such as "restart.within" and "must be ..."; both empty if
///          all do.
struct complaint {
  std::string option;
  std::string rule;
};
[[nodiscard]] complaint check(const restart_policy& policy);
/// The first option that has no effect because `when` is `never`.
[[nodiscard]] complaint check_unused(const restart_policy& policy);
[[nodiscard]] complaint check(const recycle_policy& recycling, const restart_policy& policy);
[[nodiscard]] complaint check(const handler_policy& handler, const restart_policy& policy);

/// How often handlers are looked at that may become overdue.
[[nodiscard]] duration watch_period(const handler_policy& handler) noexcept;

/// @param deaths the earlier ones, the oldest first.
/// @returns how many of them lie within the policy's time before `now`.
[[nodiscard]] size_t recent(const restart_policy& policy, std::span<const time_point> deaths, time_point now) noexcept;

/// Whether a worker that died just now may be replaced after so many recent deaths before.
[[nodiscard]] bool may_restart(const restart_policy& policy, size_t recent_deaths) noexcept;

/// How long the replacement waits after so many recent deaths before this one.
/// @param chance at random from 0 to 1: what part of the jitter is taken off.
[[nodiscard]] duration back_off(const restart_policy& policy, size_t recent_deaths, double chance) noexcept;

/// What becomes of a message in whose handler `deaths` processes died, the last one just now.
enum class sentence : uint8_t { fail, retry, drop, quarantine };
[[nodiscard]] sentence judge(const restart_policy& policy, uint32_t deaths) noexcept;

} // namespace supervision

} // namespace bulkhead
