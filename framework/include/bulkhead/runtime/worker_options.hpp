#pragma once

#include "bulkhead/runtime/bound_function.hpp"
#include "bulkhead/supervision/restart_policy.hpp"
#include "bulkhead/transport/handshake.hpp"

#include <caf/error.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace bulkhead {

/// Where the standard output and error of a worker go.
enum class output : uint8_t {
  /// To the host's log, each line with slot and pid in front. Never blocks the worker for long, drops rather than
  /// blocks the host.
  log,
  /// To the host's own standard output and error.
  inherit,
  /// Nowhere.
  discard,
};

/// Where the actor runs.
enum class placement : uint8_t {
  /// In a worker process.
  own_process,
  /// In the host, as an ordinary actor: to step through it with a debugger. Options for a process, its restart and its handlers are
  /// refused then; limits of messages and times have no effect.
  in_process,
};

using transport::payload_fallback;
using transport::wait_strategy;

/// How a worker process is started and what it may use. Every field has a default that suits most.
struct worker_options {
  /// Path of another executable that also hands over to `run_if_worker` or uses BULKHEAD_MAIN. Empty: this program.
  std::string program = {};

  /// Command line of the worker, without the program's name. `run_if_worker` takes those that its configuration has options for, ahead
  /// of the values that the host hands over; `main` sees all of them.
  std::vector<std::string> arguments = {};

  /// Variables in the form NAME=value, in addition to those that the host had when its actor system started, or in place of one of them.
  std::vector<std::string> environment = {};

  /// Empty: the host's.
  std::string working_directory = {};

  /// Put in front of the worker's command: {"gdb", "--args"}, {"valgrind"}, {"perf", "record"}. Its first element is
  /// looked up in PATH. With a prefix the worker has the host's terminal, and needs a longer `startup_timeout`.
  std::vector<std::string> command_prefix = {};

  /// Where its standard output goes.
  output standard_output = output::log;

  /// Where its standard error goes.
  output standard_error = output::log;

  /// From the start of the process to its first answer. At least 1 ms.
  std::chrono::milliseconds startup_timeout{10'000};

  /// From the request to stop to SIGKILL; from the end of its last actor, if that came first. The finalizer, destructors of static
  /// objects and atexit(3) handlers are part of it. 0: at once, without any of them. At most 24 hours.
  std::chrono::milliseconds stop_timeout{3'000};

  /// Bytes of private memory that the worker may use on top of what the runtime itself needs (RLIMIT_DATA).
  /// 0: no limit.
  uint64_t memory_bytes_max = 0;

  /// Size of the mailbox in bytes, in each direction: a power of two from 4 KiB to 1 GiB.
  uint32_t mailbox_bytes = uint32_t{1} << 20;

  /// How much may have been sent, in each direction of the worker, and not have been handled yet.
  backlog_limits backlog = {uint64_t{64} << 20, uint64_t{1} << 18};

  /// The same for one receiving actor.
  backlog_limits actor_backlog = {uint64_t{32} << 20, uint64_t{1} << 16};

  /// What becomes of messages beyond that.
  overflow when_full = overflow::wait;

  /// How long a receiver at its limits may handle nothing before it counts as slow. 0: for ever, and whoever waits for it may
  /// wait for ever.
  std::chrono::milliseconds slow_after{10'000};

  /// What happens then.
  slow_consumer when_slow = slow_consumer::report;

  /// Largest encoded message in bytes, without the payloads that are lent.
  uint64_t message_bytes_max = uint64_t{4} << 30;

  /// Most memory for payloads that are lent and not copied (`bytes`, `array`), in bytes, in each direction; taken as it is
  /// needed, and given back a second after it was. 0: payloads travel inside messages.
  uint64_t payload_bytes_max = uint64_t{4} << 30;

  /// What becomes of a payload for which there is no room.
  payload_fallback when_payloads_full = payload_fallback::copy;

  /// How the worker's loop waits.
  wait_strategy wait = wait_strategy::adaptive;

  /// Where the actor runs.
  placement where = placement::own_process;

  /// Whether another process takes over when this one dies. Not for `host::start_worker`, whose actors end with their process, nor
  /// with `placement::in_process`.
  restart_policy restart = {};

  /// When it is replaced although it lives.
  recycle_policy recycle = {};

  /// How long one handler may run.
  handler_policy handler = {};

  /// So many processes more are started and wait, ready, for the next actor that needs one: a replacement, or another
  /// `host::spawn` with these options. They are shared by all actors that were spawned with the same options (`==`), exist as long as
  /// one of these does, and are made up for when one was taken or has died: one at a time, after the back-off of `restart`, and with
  /// a pause of `restart.within` and a `supervision_event` after `restart.restarts_max` deaths within that time. When none is ready, a
  /// process is started as without. From 0 to 64. Not for `host::start_worker`.
  uint32_t spares = 0;

  /// Processes are not started one by one: one that has loaded the program and has run `preload` makes copies of itself (fork(2)), which
  /// takes less time, and less memory, since they share what they do not write to. That *fork server* serves all workers that are started
  /// alike, and stays for 10 s after the last of them. When it dies, its copies live on, a `supervision_event` tells it, and until it is
  /// back processes are started as without it. Copies have what `preload` has opened, and one layout of addresses. Not with
  /// `command_prefix`.
  bool fork_server = false;

  /// Runs once in the fork server: `.preload = bulkhead::call<&load_model>(path)`. It is part of a `startup_timeout` of its own; if it
  /// fails, so do the starts that wait for it. It must not leave threads behind, which no copy would have, nor rely on pthread_atfork(3).
  /// Each copy writes at its end what it has left in buffers, and runs what it has registered with atexit(3).
  /// A process that is started without the fork server runs it before `initializer`. Only with `fork_server`.
  bound_function preload = {};

  /// Runs first in each process, before its actor: `.initializer = bulkhead::call<&load_model>(path)`. A process is ready, and a
  /// spare counts, when it has returned, which is part of `startup_timeout`; if it fails, so does the start.
  bound_function initializer = {};

  /// Runs last in each process that ends in good order, on the thread that ran its actors: `.finalizer = bulkhead::call<&save_log>(path)`.
  /// Its actor has ended, or is replaced as planned. `main` goes on after it, so destructors and atexit(3) run then. All of that
  /// together takes no longer than `stop_timeout`. An exception makes it a crash, with what was thrown as a line on standard error.
  /// It does not run in a process that crashes or is killed, nor in the fork server itself.
  bound_function finalizer = {};

  friend bool operator==(const worker_options&, const worker_options&) = default;
};

/// For how many open tickets the worker notes its progress; 0 if nobody will want to know.
[[nodiscard]] uint32_t tracked_tickets(const worker_options& options) noexcept;

/// What `options` say about messages that wait.
[[nodiscard]] backlog_options backlog_of(const worker_options& options) noexcept;

/// Returns `errc::invalid_option` with the name of the first option that makes no sense.
[[nodiscard]] caf::error check(const worker_options& options);

} // namespace bulkhead
