#pragma once

#include "bulkhead/host.hpp"
#include "bulkhead/supervision/supervisor_policy.hpp"
#include "bulkhead/transport/child_status.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/error.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/expected.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace bulkhead {

namespace detail {

using child_started = std::function<void(caf::expected<caf::actor>)>;

template <class T>
caf::expected<caf::actor> as_child(T&& result) {
  using type = std::remove_cvref_t<T>;
  if constexpr (requires {
                  typename type::value_type;
                  result.error();
                })
    return result ? as_child(std::move(*result)) : caf::expected<caf::actor>{std::move(result.error())};
  else
    return caf::actor_cast<caf::actor>(std::forward<T>(result));
}

/// What starts a child with `begin`, which gets the arguments and returns what the supervisor can wait for without blocking.
template <class F, class... Ts>
auto started_by(F begin, Ts&&... arguments) {
  return [begin = std::move(begin), all = std::tuple<caf::detail::strip_and_convert_t<Ts>...>{std::forward<Ts>(
                                      arguments)...}](caf::event_based_actor* self, const child_started& done) {
    std::apply(
      [&](const auto&... xs) {
        begin(self, xs...)
          .then([done](const caf::actor& started) { done(started); },
                [done](caf::error& failed) { done(std::move(failed)); });
      },
      all);
  };
}

} // namespace detail

/// One child of a supervisor: how it is called, started and ended. Made by `child`, `heavy_child`, `pool_child` and `child_supervisor`;
/// then, for instance, `child("index", build_index).restarts(restart_type::transient).stops_within(1s)`.
struct child_spec {
  /// Its name among its siblings.
  std::string name;

  /// After which ends it is started again.
  restart_type restart = restart_type::permanent;

  /// From the exit message to its end by force: the processes of a heavy child or a pool are killed, a light child gets
  /// `exit_reason::kill`, which ends it unless it hangs in a handler. 0: for ever. At most 24 hours.
  std::chrono::milliseconds stop_within{3'000};

  /// Starts it, in the supervisor's turn, and says so once in one of the supervisor's turns. A supervisor that ends waits `stop_within` at
  /// most for a start that is under way; a handle that comes later gets an exit message.
  std::function<void(caf::event_based_actor* supervisor, detail::child_started)> start = {};

  /// It is a supervisor, which is up when its children are, and can be told to end before. All others are up when they are started.
  bool tells_up = false;

  /// What is wrong with it, if anything: `supervise` and `start_child` fail with that.
  caf::error wrong = {};

  /// The same child with another `restart`.
  /// @param when after which ends it is started again.
  [[nodiscard]] child_spec restarts(restart_type when) && {
    restart = when;
    return std::move(*this);
  }

  /// The same child with another `stop_within`.
  /// @param time 0: for ever.
  [[nodiscard]] child_spec stops_within(std::chrono::milliseconds time) && {
    stop_within = time;
    return std::move(*this);
  }
};

/// A light actor: `child("cache", [](caf::event_based_actor* self) { return self->spawn(cache); })`.
/// @param name its name among its siblings.
/// @param start runs in the supervisor, `self`, each time that the child is started, and returns its handle, or a `caf::expected` of
///        one. It must not block, nor change the supervisor. The child may look its elder siblings up there; with a strategy that
///        starts it again whenever they are, once is enough. It should keep the supervisor's address only
///        (`caf::actor_addr`): with its handle in a child, both live until one of them is told to end. It need not be linked to the
///        supervisor, which watches it anyway: a link that it comes with is undone.
template <class F>
child_spec child(std::string name, F start) {
  return {.name = std::move(name),
          .start = [start = std::move(start)](caf::event_based_actor* self, const detail::child_started& done) {
            done(detail::as_child(start(self)));
          }};
}

/// A heavy actor in a worker of its own, as of `host::spawn`, started without blocking. With `worker_options::restart` the supervisor
/// is only asked when the worker was given up.
/// @param name its name among its siblings.
/// @param actor as which it is registered.
/// @param options how the process is started and limited.
/// @param arguments what the actor is given; each needs a type id.
template <class... Ts>
child_spec heavy_child(std::string name, std::string_view actor, const worker_options& options, Ts&&... arguments) {
  auto begin = [actor = std::string{actor}, options](caf::event_based_actor* self, const auto&... xs) {
    return host::of(self->system()).spawn_async(self, actor, options, xs...);
  };
  return {.name = std::move(name),
          .start = detail::started_by(std::move(begin), std::forward<Ts>(arguments)...),
          .wrong = check(options)};
}

/// A pool of heavy actors as of `host::pool`, started without blocking; it is up when its first `workers_min` members are. The pool
/// replaces members that die by itself; the supervisor is asked when the pool gives up (`errc::restarts_exhausted`). It has ended when all
/// of its members have.
/// @param name its name among its siblings.
/// @param actor as which it is registered.
/// @param options how many members there are, and how they are started.
/// @param arguments what the actor is given; each needs a type id.
template <class... Ts>
child_spec pool_child(std::string name, std::string_view actor, const pool_options& options, Ts&&... arguments) {
  auto begin = [actor = std::string{actor}, options](caf::event_based_actor* self, const auto&... xs) {
    return host::of(self->system()).pool_async(self, actor, options, xs...);
  };
  return {.name = std::move(name),
          .start = detail::started_by(std::move(begin), std::forward<Ts>(arguments)...),
          .wrong = check(options)};
}

/// A supervisor with children of its own, which is up when all of them are. When it gives up, that is its death, and its parent's
/// business. It is given the time that its children take to end.
/// @param name its name among its siblings.
/// @param options of the supervisor that is the child.
/// @param children its children, in the order of their start.
[[nodiscard]] child_spec child_supervisor(std::string name, const supervisor_options& options,
                                          std::vector<child_spec> children);

/// Starts a supervisor: a light actor that starts its children, one after the other, each when the one before is up; and starts them
/// again when they die, as its strategy, their restart types and its back-off say. It deals with groups of actors that need each other;
/// a single heavy actor whose handle shall survive is better off with `worker_options::restart`.
///
/// It is told to end by an exit message, or by the end of its last handle. Then its children end one after the other, the last one
/// first, each in its time: by an exit message with `exit_reason::user_shutdown`, then by force. When they die more often than
/// `restarts_max` says, they end in the same way, and the supervisor's exit reason is `errc::restarts_exhausted` with the story of their
/// deaths. A light child that hangs in a handler cannot be ended: it is left behind.
///
/// Children come and go while it runs with `start_child` and `stop_child`, thousands of them if need be.
///
/// A child that is started again has another handle. The supervisor answers, at any time:
///   (get_atom, std::string name) -> caf::actor             the child; waits until it is up. `sec::no_such_key` if there is none of that
///                                                          name, `sec::request_receiver_down` if it has ended for good,
///                                                          the supervisor's own reason while that ends
///   (get_atom)                   -> vector<child_status>   all children, in the order of their start
///   (subscribe_atom, caf::actor)                           the listener gets a `child_status` of each child now, and whenever its
///                                                          state changes, for as long as it lives
///
/// Thread safety: from any thread; returns at once. Lifetime: the children live no longer than the supervisor; if that is killed
/// (`exit_reason::kill`), they are ended all the same, in order.
/// @param system where the supervisor lives.
/// @param options what it does about deaths.
/// @param children in the order of their start.
/// @returns `errc::invalid_option` with what is wrong: a name that is empty or not the only one of its kind, or an option out of range.
[[nodiscard]] caf::expected<caf::actor> supervise(caf::actor_system& system, const supervisor_options& options,
                                                  std::vector<child_spec> children);

// Children at run time. Each of these functions may be called on any thread, returns at once, and gives a future: wait for it with `get` in
// main, with `then(self, ...)` in an actor, with `co_await` in a coroutine. It always gets a result, whatever becomes of the supervisor; a
// future that nobody looks at, or that is cancelled, changes nothing. A supervisor can be changed in its own process only.
//
// Errors of all three: the supervisor's own reason while that ends, and `caf::sec::request_receiver_down` when it has;
// `caf::sec::no_such_key` if it has no child of that name; `caf::sec::invalid_argument` if `supervisor` is none, or of another process.

/// Lets a running supervisor have one more child, the last one in the order of start, and starts it: at once with `strategy::one_for_one`
/// when the supervisor is up, else behind those before it. From then on it is a child like the others, with these differences:
///   - If its first start fails, it is no child, and the others hear nothing of that: it is no death.
///   - A `restart_type::temporary` one that has ended goes from the list, and its name is free.
///
/// @param supervisor what `supervise` has returned.
/// @param what the new child.
/// @returns its handle when it is up. The error with which its first start failed; `errc::invalid_option` with what is wrong with it, also
///          if a child of that name lives or is going to (one that has ended for good makes room for it);
///          `caf::sec::request_receiver_down` if it was told to end meanwhile.
[[nodiscard]] future<caf::actor> start_child(const caf::actor& supervisor, child_spec what);

/// Ends a child for good, wherever it came from: in its time, by an exit message, then by force, while the others go on. Who waits for it
/// to be up gets `caf::sec::request_receiver_down`. One that is being started ends as soon as it has started, or after `stop_within`; one
/// that has ended already is forgotten.
/// @param supervisor what `supervise` has returned.
/// @param name of the child.
/// @returns nothing, when it has ended and its name is free. `caf::sec::runtime_error` if it hangs in a handler and was left behind.
future<void> stop_child(const caf::actor& supervisor, std::string name);

/// Starts a child again that has ended for good, or lives: then that ends first, as when another one died that it needs; and so do those
/// that need it, as the strategy says. This is no death, and waits for no back-off.
/// @param supervisor what `supervise` has returned.
/// @param name of the child.
/// @returns its new handle when it is up. `caf::sec::request_receiver_down` if it has been told to end, or ends for good meanwhile.
future<caf::actor> restart_child(const caf::actor& supervisor, std::string name);

} // namespace bulkhead
