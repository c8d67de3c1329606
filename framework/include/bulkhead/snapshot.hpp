#pragma once

#include "bulkhead/errors.hpp"
#include "bulkhead/transport/snapshot.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/local_actor.hpp>
#include <caf/scheduled_actor.hpp>

#include <functional>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

// How the state of an actor outlives its process: `worker_options::restart`, and members of pools, each for itself.
//
//   caf::behavior counter(caf::event_based_actor* self) {
//     auto left = bulkhead::last_snapshot<int64_t>(self);
//     auto count = std::make_shared<int64_t>(left && *left ? **left : 0);
//     (void) bulkhead::on_handover(self, [count] { return *count; });
//     return {
//       [self, count](caf::add_atom, int64_t x) {
//         *count += x;
//         (void) bulkhead::snapshot(self, *count);
//       },
//     };
//   }
//
// All three are for the one actor that the host has spawned with these options, in its constructor or in the function that makes
// its behavior, and later. Any other gets `errc::no_successor`: actors that it has spawned itself, others in the host, and with
// `placement::in_process`. A type needs CAF's `inspect`, and no type id.

namespace bulkhead {

namespace detail {

[[nodiscard]] caf::error check_successor(const caf::local_actor& self);
[[nodiscard]] caf::error leave_snapshot(const caf::local_actor& self, caf::byte_buffer&& encoded);
[[nodiscard]] std::span<const std::byte> inherited_snapshot(const caf::local_actor& self);
void hand_over_with(const caf::local_actor& self, std::function<caf::error(caf::byte_buffer&)> source);

} // namespace detail

/// Leaves `value` to the process that will follow the one of `self`, whatever this one dies of: the next `last_snapshot` there
/// returns it. A later one takes its place. Does not wait for anything; costs a message of that size, and the host keeps the last
/// one.
///
/// It leaves in the order of what the actor sends. Whoever has an answer that the actor gave after a snapshot can rely on the
/// snapshot; what it sent before arrives before, except to receivers that have no room. Once it stands in the mailbox, not even
/// SIGKILL takes it back. While the mailbox is full it waits in this process, in one place: a later one overwrites it there, and
/// the death of the process takes it along together with all that was sent after it; then the last one that got into the mailbox
/// counts. What its constructor sends, as a class, leaves after that has returned, so behind its snapshots.
///
/// A message that was not answered when the process died is in doubt, with a snapshot or without: with `in_doubt::retry` it comes
/// again, and the state may know of it. Keep in the state what tells, such as the number of the last one, if that must not be.
///
/// The actor handles more messages after it than are in the state; so after a death what was handled since is not. Take one in each
/// handler that must not be forgotten, before its answer.
///
/// Thread safety: of the thread that runs `self`.
/// @param self a heavy actor, from inside of it.
/// @param value holds no handles of actors: they would not be kept alive. Descriptors (`fd`) in it become none, `bytes` are copied.
/// @returns `errc::no_successor`; `errc::encode_failed` with type and reason; `errc::message_too_large` if it exceeds
///          `worker_options::message_bytes_max`; `errc::shutting_down`. Then the one before counts.
template <class T>
[[nodiscard]] caf::error snapshot(caf::local_actor* self, const T& value) {
  if (auto none = detail::check_successor(*self))
    return none;
  caf::byte_buffer encoded;
  if (auto failed = transport::encode_snapshot(value, encoded))
    return failed;
  return detail::leave_snapshot(*self, std::move(encoded));
}

/// What the process before this one has left: its last `snapshot`, or what its `on_handover` returned; what it had got itself, if
/// it left nothing. None if no process has left anything yet. Stays the same for as long as this process lives.
///
/// Thread safety: of the thread that runs `self`.
/// @tparam T the type that was left; the one before may have been another program, so name and content are checked.
/// @param self a heavy actor, from inside of it.
/// @returns `errc::no_successor`; `errc::decode_failed` if it was another type, or does not decode as this one.
template <class T>
[[nodiscard]] caf::expected<std::optional<T>> last_snapshot(caf::local_actor* self) {
  if (auto none = detail::check_successor(*self))
    return none;
  std::optional<T> result;
  if (auto encoded = detail::inherited_snapshot(*self); !encoded.empty())
    if (auto failed = transport::decode_snapshot(encoded, result.emplace()))
      return failed;
  return result;
}

/// `state` is called when the process of `self` is replaced although it lives (`recycle_policy`, `host::recycle`), and returns what
/// `snapshot` would be given: all that was handled is in it, nothing will be handled any more, and the successor handles what
/// waits. Not called when the process dies.
///
/// Runs between two handlers, on a thread on which no handler of `self` runs at that time. Should the process go on after all, it
/// is called again when it is replaced then. It must not wait: it has `worker_options::stop_timeout`, then the process is killed,
/// which is a crash. Another program that takes over (`host::upgrade`) gets it as well: it has to know the type, and may try
/// another one first. An exception or a state that cannot be encoded is told on standard error; then the last snapshot counts.
///
/// Thread safety: of the thread that runs `self`, which is no blocking actor: that has a state beside its handlers. Lifetime:
/// `state` lives until `self` has ended, and may refer to its state; a later one takes its place.
/// @param self a heavy actor, from inside of it.
/// @param state returns a value as for `snapshot`.
/// @returns `errc::no_successor`.
template <class Self, class F>
[[nodiscard]] caf::error on_handover(Self* self, F state) {
  static_assert(std::is_base_of_v<caf::scheduled_actor, Self>,
                "a blocking actor has a state beside its handlers, so there is no moment at which it could be handed "
                "over: use snapshot");
  static_assert(!std::is_void_v<std::invoke_result_t<F&>>,
                "the function returns the state that the successor shall start with");
  if constexpr (std::is_base_of_v<caf::scheduled_actor, Self>) {
    if (auto none = detail::check_successor(*self))
      return none;
    detail::hand_over_with(*self, [state = std::move(state)](caf::byte_buffer& out) mutable {
      return transport::encode_snapshot(state(), out);
    });
  }
  return {};
}

} // namespace bulkhead
