#pragma once

#include <caf/default_enum_inspect.hpp>
#include <caf/error.hpp>
#include <caf/is_error_code_enum.hpp>
#include <caf/string_view.hpp>

#include <cstdint>
#include <string>
#include <type_traits>

namespace bulkhead {

/// What a process boundary adds to the errors of CAF. Everything else (a dead receiver, a broken promise, an
/// unexpected message) is reported with the codes that a local actor uses.
enum class errc : uint8_t {
  /// No error.
  none = 0,
  /// The worker process ended while the request was open. The context holds a `worker_death`.
  worker_lost,
  /// So many messages wait for the receiver, or for all of its worker, as `worker_options` allow. Send less, retry later, or raise
  /// `actor_backlog` or `backlog`.
  mailbox_full,
  /// The message exceeds `message_bytes_max`. Split it, or raise the limit for this worker.
  message_too_large,
  /// The message cannot be serialized; the context names its types. Give the type an `inspect` that works.
  encode_failed,
  /// The receiving process could not decode the message; the context names its types.
  decode_failed,
  /// The worker's program does not exist or may not be executed. Check `worker_options::program`.
  program_not_found,
  /// No actor is registered under this name in the worker. Add it to BULKHEAD_MAIN or with `config::add_heavy`.
  unknown_actor,
  /// The arguments do not fit the actor's parameters; the context shows both.
  wrong_arguments,
  /// The actor threw while it was constructed or initialized; the context holds what it threw.
  constructor_failed,
  /// The actor does not implement the interface of the typed handle that was asked for.
  wrong_interface,
  /// Host and worker were not built from the same types and versions. Rebuild both.
  build_mismatch,
  /// The worker did not report within `startup_timeout`.
  startup_timeout,
  /// The worker's process ended, or spoke nonsense, before it was ready.
  startup_failed,
  /// The kernel refused a process, a descriptor or memory; the context holds the call and its error.
  resources_exhausted,
  /// An option has a value that makes no sense; the context names it.
  invalid_option,
  /// The actor system or the worker is shutting down.
  shutting_down,
  /// The message addresses a process that cannot be reached from here, such as an actor of another machine.
  no_route,
  /// The bulkhead module is not loaded. Call `cfg.load<bulkhead::host>()` before creating the actor system.
  not_loaded,
  /// Used by actors that ran out of memory but could still answer.
  out_of_memory,
  /// There is no room left to lend a payload, and `when_payloads_full` forbids to copy it. Retry later, send less, or raise
  /// `payload_bytes_max`.
  payload_room_full,
  /// Shared state cannot be read: the handle is empty, or its writer changes it without any pause or has damaged it.
  value_unreadable,
  /// Actors await each other's responses in a circle, so this request would never have been answered; the context shows the circle.
  /// Use `then` instead of `await` in one of them.
  deadlock,
  /// A task's function threw; the context holds the exception's type and text.
  task_failed,
  /// The task or the future was cancelled before it had a result.
  cancelled,
  /// As many tasks wait as the executor allows. Submit less, wait for `when_room`, or raise `tasks_max`.
  executor_full,
  /// The worker's program has no such function; the context names it. Let workers run the program that submits.
  unknown_function,
  /// Waiting here would block a thread that runs actors, perhaps the one that is needed for the result. Use `then`.
  would_block,
  /// A supervised worker died too often in too short a time and is not replaced any more. The context holds the last `worker_death`
  /// and the story. Look at the cause, or raise `restart.restarts_max`.
  restarts_exhausted,
  /// So many processes died while they handled this message that it is not tried again (`restart.poison_after`). The context
  /// holds the last `worker_death` and the story.
  poisoned,
  /// The new program of an upgrade did not come up, or died in its probation: the former one serves. The context holds a `worker_death`,
  /// unless it was refused before, and the story.
  upgrade_failed,
  /// No process follows the one of this actor, so nobody would start with its state. Only an actor that the host has spawned with
  /// `worker_options::restart` has a successor: set that, or let that actor keep the state of those beside it.
  no_successor,
  /// A worker cannot start workers. Let the host spawn the actor and send its handle, or spawn it in this process with CAF.
  nested_worker,
  /// The type ids of messages were not initialized; the context names one. Call `init_types` with all of the application's blocks first
  /// in `main`, or give them to BULKHEAD_MAIN.
  types_not_initialized,
};

/// The name of the code, as written above.
/// @param code any.
std::string to_string(errc code);

/// One sentence that says what happened and what to do about it.
/// @param code any.
const char* explain(errc code) noexcept;

bool from_string(caf::string_view text, errc& code);
bool from_integer(std::underlying_type_t<errc> number, errc& code);

template <class Inspector>
bool inspect(Inspector& f, errc& code) {
  return caf::default_enum_inspect(f, code);
}

} // namespace bulkhead

CAF_ERROR_CODE_ENUM(bulkhead::errc)

namespace bulkhead {

/// `errc::not_loaded` with its explanation; in a program that has not called `init_types` either, such as one with CAF_MAIN,
/// `caf::sec::runtime_error` that names BULKHEAD_MAIN, because CAF cannot print an error whose type it does not know.
[[nodiscard]] caf::error not_loaded_error();

} // namespace bulkhead
