#pragma once

#include "bulkhead/transport/errc.hpp"

#include <caf/default_enum_inspect.hpp>
#include <caf/error.hpp>
#include <caf/optional.hpp>
#include <caf/string_view.hpp>

#include <cstdint>
#include <string>
#include <type_traits>

namespace bulkhead {

/// Why a worker process is gone.
enum class death_cause : uint8_t {
  /// It ended by itself with the exit code in `status`.
  exited,
  /// A signal ended it, number in `status`.
  signaled,
  /// It wrote something impossible into shared memory and was killed by the host.
  corrupt,
  /// It ran out of memory.
  out_of_memory,
  /// The host killed it: it did not stop in time when it was told to, or its actors were too slow (`when_slow`).
  stopped,
  /// It worked well and was replaced as planned (`recycle_policy`, `host::recycle`).
  recycled,
  /// The host killed it: a handler ran for longer than its `handler_policy` allows.
  overran,
  /// The host killed it: it had messages, and began with none of them for longer than `handler_policy::stall_max`.
  stalled,
};

/// The name of the cause, as written above.
/// @param cause any.
std::string to_string(death_cause cause);
bool from_string(caf::string_view text, death_cause& cause);
bool from_integer(std::underlying_type_t<death_cause> number, death_cause& cause);

template <class Inspector>
bool inspect(Inspector& f, death_cause& cause) {
  return caf::default_enum_inspect(f, cause);
}

/// What is known about a dead worker. It travels as context of `errc::worker_lost`: with the error response of each
/// request that was open, and as exit reason to monitors and links.
struct worker_death {
  /// The host's number for the worker's position.
  uint32_t slot = 0;
  /// Which process in that position, counted from 1.
  uint32_t incarnation = 0;
  /// The number of the process; 0 if there was none.
  int32_t pid = 0;
  /// What ended it.
  death_cause cause = death_cause::exited;
  /// Exit code or signal number.
  int32_t status = 0;
  /// False if the request was certainly not looked at by the worker; true if it may have been handled in part.
  bool in_doubt = false;
  /// More about the cause, for people.
  std::string detail;

  template <class Inspector>
  friend bool inspect(Inspector& f, worker_death& x) {
    return f.object(x).fields(f.field("slot", x.slot), f.field("incarnation", x.incarnation), f.field("pid", x.pid),
                              f.field("cause", x.cause), f.field("status", x.status), f.field("in_doubt", x.in_doubt),
                              f.field("detail", x.detail));
  }
};

/// One line for people, such as "worker 2.1 (pid 4711) was killed by signal 9".
/// @param death any.
std::string describe(const worker_death& death);

/// An error with code `errc::worker_lost` and `death` as context.
/// @param death any.
caf::error make_error(const worker_death& death);

/// The same with code `errc::restarts_exhausted`, `errc::poisoned` or `errc::upgrade_failed`, and the story that led to it.
/// @param code one of these three.
/// @param death the last one.
/// @param story for people.
caf::error make_error(errc code, const worker_death& death, std::string story);

/// The certificate in `reason`, if it is an `errc::worker_lost`, `errc::restarts_exhausted`, `errc::poisoned` or
/// `errc::upgrade_failed`.
/// @param reason any.
caf::optional<worker_death> death_of(const caf::error& reason);

} // namespace bulkhead
