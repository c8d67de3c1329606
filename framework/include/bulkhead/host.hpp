#pragma once

#include "bulkhead/errors.hpp"
#include "bulkhead/future.hpp"
#include "bulkhead/options.hpp"
#include "bulkhead/pool.hpp"
#include "bulkhead/runtime/upgrade_options.hpp"
#include "bulkhead/supervision/dead_letter.hpp"
#include "bulkhead/transport/death_certificate.hpp"
#include "bulkhead/worker.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>
#include <caf/message.hpp>

#include <chrono>
#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace bulkhead {

/// Where actors in other processes are made. Load it as a module, `cfg.load<bulkhead::host>()`, then get it with `of`.
///
/// Every function that spawns reports a failure as an error that names the cause, and returns within the `startup_timeout` of the
/// options, or twice that time with a fork server that hangs. The actor's first turn is part of its start. An actor that ends in
/// that turn is a success, as with CAF: the handle has ended. Codes are `program_not_found`, `unknown_actor`, `wrong_arguments`,
/// `wrong_interface`, `constructor_failed`, `build_mismatch`, `startup_timeout`, `startup_failed`, `resources_exhausted`,
/// `invalid_option`, `encode_failed`, `decode_failed`, `message_too_large`, `payload_room_full`, `worker_lost`, `shutting_down`,
/// `types_not_initialized`, `not_loaded` and, in a worker, `nested_worker`. Those that block return `would_block` on a thread that runs
/// actors.
///
/// Options of the actor system's configuration, also on the command line (`--bulkhead.wait=park`):
///   bulkhead.wait     how the host's loop waits: "adaptive" (default: spins for about as long as a wake-up costs, then sleeps),
///                     "park" (never spins) or "busy" (never sleeps)
///   bulkhead.spin-ns  how long an adaptive loop spins, in nanoseconds; 0 (default) measures what a wake-up costs
///   bulkhead.certificates-dir  a folder, made if need be, in which each abnormal death of a worker leaves a JSON file with its
///                              `death_certificate`; none by default
///   bulkhead.certificates-max  how many of these files are kept, the newest ones, at least 1; 100 by default
///   bulkhead.dead-letters-max        how many dead letters are kept (`dead_letters`), the newest ones; 100 by default
///   bulkhead.dead-letters-bytes-max  how large their contents may be together; 16 MiB by default
/// With any other value, and on a kernel that lacks what Bulkhead needs, each spawn fails with an error that says so.
///
/// Thread safety: all functions from any thread. Lifetime: a value; the actor system must outlive it.
class host {
public:
  /// The host of `system`. If the module was not loaded, each spawn fails with `errc::not_loaded`; in a program
  /// with CAF_MAIN, which does not know the types of Bulkhead either, with `caf::sec::runtime_error`.
  /// @param system must outlive the host.
  static host of(caf::actor_system& system) noexcept;

  /// Spawns the actor that is registered as `name` in a worker process of its own, and waits until it is up.
  /// With `worker_options::restart` the handle outlives its processes: see `restart_policy`. With `worker_options::spares` the actor
  /// moves into a process that is ready, if there is one.
  ///
  /// Blocks the calling thread for the start of a process (about two milliseconds); actors use `spawn_async`.
  /// @param name as which the actor is registered.
  /// @param options how the process is started and limited.
  /// @param arguments what the actor is given; each needs a type id.
  /// @tparam Handle checked against the actor's interface if it is a typed handle.
  template <class Handle = caf::actor, class... Ts>
  caf::expected<Handle> spawn(std::string_view name, const worker_options& options, Ts&&... arguments) {
    return as_handle<Handle>(spawn_and_wait(options, make_request<Handle>(name, std::forward<Ts>(arguments)...)));
  }

  /// The same with default options, for an actor without arguments.
  /// @param name as which the actor is registered.
  template <class Handle = caf::actor>
  caf::expected<Handle> spawn(std::string_view name) {
    return spawn<Handle>(name, worker_options{});
  }

  /// The same with default options.
  /// @param name as which the actor is registered.
  /// @param argument the first one that the actor is given.
  /// @param arguments the other ones.
  template <class Handle = caf::actor, class T, class... Ts>
    requires(!std::same_as<std::remove_cvref_t<T>, worker_options>)
  caf::expected<Handle> spawn(std::string_view name, T&& argument, Ts&&... arguments) {
    return spawn<Handle>(name, worker_options{}, std::forward<T>(argument), std::forward<Ts>(arguments)...);
  }

  /// The same inside an actor, without blocking: the result comes as a response, to `.then`, `.await` or `.receive`.
  /// @param self an actor, from inside of it.
  /// @param name as which the actor is registered.
  /// @param options how the process is started and limited.
  /// @param arguments what the actor is given; each needs a type id.
  template <class Handle = caf::actor, class Self, class... Ts>
  auto spawn_async(Self* self, std::string_view name, const worker_options& options, Ts&&... arguments) {
    return detail::respond_later<Handle>(self, [&](detail::spawn_done done) {
      start_spawn(options, make_request<Handle>(name, std::forward<Ts>(arguments)...), std::move(done));
    });
  }

  /// The same with default options, for an actor without arguments.
  /// @param self an actor, from inside of it.
  /// @param name as which the actor is registered.
  template <class Handle = caf::actor, class Self>
  auto spawn_async(Self* self, std::string_view name) {
    return spawn_async<Handle>(self, name, worker_options{});
  }

  /// The same with default options.
  /// @param self an actor, from inside of it.
  /// @param name as which the actor is registered.
  /// @param argument the first one that the actor is given.
  /// @param arguments the other ones.
  template <class Handle = caf::actor, class Self, class T, class... Ts>
    requires(!std::same_as<std::remove_cvref_t<T>, worker_options>)
  auto spawn_async(Self* self, std::string_view name, T&& argument, Ts&&... arguments) {
    return spawn_async<Handle>(self, name, worker_options{}, std::forward<T>(argument), std::forward<Ts>(arguments)...);
  }

  /// Spawns equal actors, each in a worker process of its own, behind one handle, and waits until the first `workers_min` are up. What is
  /// sent to the handle goes to one of them, see `dispatch`. Members that die are replaced; what they had not begun to handle is
  /// not lost, and goes to others unless it belongs to them by a key.
  ///
  /// The handle is an actor: it can be monitored, linked to, and sent to other workers. An exit message ends the pool; so does the last
  /// handle that goes, once the members have handled what was sent. Monitors and links are told when all members have ended.
  ///
  /// Blocks the calling thread; actors use `pool_async`. Errors as of `spawn`.
  /// @param name as which the actor is registered.
  /// @param options how many members there are, and how they are started.
  /// @param arguments what the actor is given; each needs a type id.
  template <class Handle = caf::actor, class... Ts>
  caf::expected<Handle> pool(std::string_view name, const pool_options& options, Ts&&... arguments) {
    return as_handle<Handle>(pool_and_wait(options, make_request<Handle>(name, std::forward<Ts>(arguments)...)));
  }

  /// The same inside an actor, without blocking: the result comes as a response.
  /// @param self an actor, from inside of it.
  /// @param name as which the actor is registered.
  /// @param options how many members there are, and how they are started.
  /// @param arguments what the actor is given; each needs a type id.
  template <class Handle = caf::actor, class Self, class... Ts>
  auto pool_async(Self* self, std::string_view name, const pool_options& options, Ts&&... arguments) {
    return detail::respond_later<Handle>(self, [&](detail::spawn_done done) {
      start_pool(options, make_request<Handle>(name, std::forward<Ts>(arguments)...), std::move(done));
    });
  }

  /// What a pool has at the moment; empty for handles of other kinds.
  /// @param pool what `pool` has returned.
  [[nodiscard]] std::optional<pool_status> status(const caf::actor& pool) const;

  /// Starts a worker process without actors. It lives until it is stopped, and can take many.
  /// @param options how the process is started and limited.
  caf::expected<worker> start_worker(const worker_options& options = {});

  /// The same inside an actor, without blocking: `then` runs as a message of `self`. If that has ended before, the worker
  /// is stopped.
  /// @param self an actor, from inside of it.
  /// @param options how the process is started and limited.
  /// @param then called with the worker or the error.
  void start_worker_async(caf::event_based_actor* self, const worker_options& options,
                          std::function<void(caf::expected<worker>)> then);

  /// Ends the process of an actor, with all other actors in it, when an exit message is of no use: it hangs in a handler. With SIGTERM,
  /// for those who have a handler that cleans up, and with SIGKILL if the process still exists after `grace`; at once with SIGKILL if that
  /// is 0. Of a pool, the processes of all members. Nothing takes over, whatever the `restart_policy` says: monitors and links get
  /// `errc::worker_lost`, cause `stopped`. Returns at once.
  /// @param actor a heavy actor or a pool.
  /// @param grace from SIGTERM to SIGKILL.
  /// @returns false if `actor` has no process of its own: it is a light actor, or dead.
  bool kill(const caf::actor& actor, std::chrono::milliseconds grace = std::chrono::milliseconds{0});

  /// Replaces the process of a supervised actor although it is well, as `recycle_policy` describes. Returns at once; whoever subscribed
  /// is told when the successor has taken over. Nothing happens while the actor has no process, or is being replaced already. The
  /// members of a pool are replaced one after the other.
  /// @param actor a supervised actor or a pool.
  /// @returns false if `actor` was not spawned here with a `restart_policy` or as a pool.
  bool recycle(const caf::actor& actor);

  /// Lets another program serve a supervised actor, while it works: a process of it is made ready, then takes over as with `recycle`, and
  /// nothing is lost. If it does not come up, or dies within its probation in whatever way, the former program serves again at once, from
  /// the very file that it was started from, even if that was replaced or removed meanwhile; such a death does not count against the
  /// `restart_policy`. Later processes are started from the new program as well; when the probation is over, spares too.
  ///
  /// In a pool the first member alone goes ahead; each further one follows when the one before has passed its probation, so this takes
  /// as often as long as there are members. The first failure ends it, and all members go back to the former program.
  ///
  /// The program must have the same message types as the host: another one is refused with `errc::build_mismatch` as the cause. An actor's
  /// state goes with its process, but for what it hands over (`snapshot`, `on_handover`).
  /// @param actor a supervised actor or a pool.
  /// @param options the program and its probation.
  /// @returns when the last probation has passed. `errc::upgrade_failed` with the cause when the former program serves, or another upgrade
  ///          is under way, its probation included; `errc::shutting_down` if the actor has ended; `errc::invalid_option`, `errc::not_loaded`;
  ///          `caf::sec::invalid_argument` if `actor` was not spawned here with a `restart_policy` or as a pool.
  future<void> upgrade(const caf::actor& actor, const upgrade_options& options);

  /// Ends a supervised actor, or a pool, when it has handled and answered what was sent to it before; new requests fail with
  /// `errc::shutting_down`, other messages are dropped and counted. After `within`, a year at most, it ends all the same.
  /// @param actor a supervised actor or a pool.
  /// @param within how long it may take.
  /// @returns how many messages had not been handled when it ended; `caf::sec::invalid_argument` if `actor` was not spawned here with a
  ///          `restart_policy` or as a pool.
  future<size_t> drain(const caf::actor& actor, std::chrono::milliseconds within);

  /// Number of worker processes that exist, spares included.
  [[nodiscard]] size_t live_workers() const;

  /// Number of spares (`worker_options::spares`) that are ready to be taken.
  [[nodiscard]] size_t ready_spares() const;

  /// Number of messages without a receiver of an answer that were dropped so far, because a mailbox was full, a worker
  /// was gone or a message could not be encoded. Requests are answered with an error instead and do not count. Workers
  /// tell what they have dropped some twenty times a second.
  [[nodiscard]] uint64_t dropped_messages() const;

  /// The messages that were quarantined because each process that handled them died (`restart_policy::poison_after`), the oldest one
  /// first. The newest ones are kept, as many and as large as the options above say.
  [[nodiscard]] std::vector<dead_letter> dead_letters() const;

  /// The same, and the host forgets them.
  [[nodiscard]] std::vector<dead_letter> take_dead_letters();

  /// Sends what happens to messages that wait (`backlog_event`) and to supervised workers (`supervision_event`), and how workers have
  /// died (`death_certificate`), to `listener` from now on, for as long as it lives: three types of messages, to which others may be
  /// added, so an actor that wants only some of them sets `caf::drop` as its default handler. Drops are told together, some twenty
  /// times a second at most; a certificate comes some milliseconds after the errors of the requests that died. A listener that
  /// subscribes again gets each event once all the same.
  /// @param listener not kept alive by this.
  void subscribe(const caf::actor& listener);

  /// Sends the lines that workers write, and those that describe abnormal deaths of workers, to `sink` instead of standard error. It
  /// is called on one thread of the runtime, once for each line, and must not block. What it throws becomes a line on standard error.
  /// @param sink kept until the end of the actor system, or until another one takes its place.
  void log_to(std::function<void(std::string_view line)> sink);

  // -- for CAF ----------------------------------------------------------------

  static void add_module_options(caf::actor_system_config& cfg);
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>);

private:
  explicit host(runtime::host_system* impl) noexcept : impl_(impl) {
    // nop
  }

  template <class Handle, class... Ts>
  static transport::spawn_request make_request(std::string_view name, Ts&&... arguments) {
    return detail::make_request<Handle>(name, std::forward<Ts>(arguments)...);
  }

  template <class Handle>
  static caf::expected<Handle> as_handle(caf::expected<caf::strong_actor_ptr> result) {
    if (!result)
      return std::move(result.error());
    return caf::actor_cast<Handle>(std::move(*result));
  }

  caf::expected<caf::strong_actor_ptr> spawn_and_wait(const worker_options& options, transport::spawn_request what);
  void start_spawn(const worker_options& options, transport::spawn_request what, detail::spawn_done done);
  caf::expected<caf::strong_actor_ptr> pool_and_wait(const pool_options& options, transport::spawn_request what);
  void start_pool(const pool_options& options, transport::spawn_request what, detail::spawn_done done);

  runtime::host_system* impl_;
};

} // namespace bulkhead
