#pragma once

#include "bulkhead/errors.hpp"
#include "bulkhead/runtime/caf_factory.hpp"
#include "bulkhead/transport/codec.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/expected.hpp>
#include <caf/message.hpp>
#include <caf/policy/single_response.hpp>
#include <caf/response_handle.hpp>
#include <caf/typed_actor.hpp>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace bulkhead {

namespace runtime {
class host_system;
class worker_process;
} // namespace runtime

namespace detail {

using spawn_done = std::function<void(caf::expected<caf::strong_actor_ptr>)>;

template <class... Signatures>
std::vector<std::string> signatures_of(caf::detail::type_list<caf::typed_actor<Signatures...>>) {
  std::set<std::string> sorted{caf::detail::get_rtti_from_mpi<Signatures>()...};
  return {sorted.begin(), sorted.end()};
}

template <class Handle, class... Ts>
transport::spawn_request make_request(std::string_view name, Ts&&... arguments) {
  transport::spawn_request result;
  result.name = name;
  if constexpr (!std::is_same_v<Handle, caf::actor>) {
    result.check_interface = true;
    result.interface = signatures_of(caf::detail::type_list<Handle>{});
  }
  static_assert(
    (runtime::can_cross_processes<caf::detail::strip_and_convert_t<Ts>> && ...),
    "each argument of a heavy actor needs a type id: add CAF_ADD_TYPE_ID for it to the application's block");
  if constexpr ((runtime::can_cross_processes<caf::detail::strip_and_convert_t<Ts>> && ...)) {
    result.wrong = runtime::find_uninitialized<caf::detail::strip_and_convert_t<Ts>...>();
    if (!result.wrong)
      result.arguments = caf::make_message(std::forward<Ts>(arguments)...);
  }
  return result;
}

/// Gives `begin` a callback that delivers to `self` as the response to a request.
template <class Handle, class Self, class F>
auto respond_later(Self* self, F begin) {
  auto id = self->new_request_id(caf::message_priority::normal);
  begin([receiver = caf::strong_actor_ptr{self->ctrl()}, id](caf::expected<caf::strong_actor_ptr> result) {
    auto content = result ? caf::make_message(caf::actor_cast<Handle>(std::move(*result)))
                          : caf::make_message(std::move(result.error()));
    receiver->enqueue(caf::make_mailbox_element(nullptr, id.response_id(), {}, std::move(content)), nullptr);
  });
  using policy = caf::policy::single_response<caf::detail::type_list<Handle>>;
  return caf::response_handle<Self, policy>{self, id.response_id(), caf::disposable{}};
}

} // namespace detail

/// A worker process that the application started with `host::start_worker`, to put several actors into it.
///
/// Thread safety: all functions from any thread. Lifetime: a value; the process lives until `stop`, its death, or the end of
/// the actor system, whichever comes first.
class worker {
public:
  /// Spawns the actor that is registered as `name` in this worker, and waits until it is up. Errors as `host::spawn`;
  /// `shutting_down` if the worker is not running.
  /// @param name as which the actor is registered.
  /// @param arguments what the actor is given; each needs a type id.
  template <class Handle = caf::actor, class... Ts>
  caf::expected<Handle> spawn(std::string_view name, Ts&&... arguments) {
    auto result = spawn_and_wait(detail::make_request<Handle>(name, std::forward<Ts>(arguments)...));
    if (!result)
      return std::move(result.error());
    return caf::actor_cast<Handle>(std::move(*result));
  }

  /// The same inside an actor, without blocking.
  /// @param self an actor, from inside of it.
  /// @param name as which the actor is registered.
  /// @param arguments what the actor is given; each needs a type id.
  template <class Handle = caf::actor, class Self, class... Ts>
  auto spawn_async(Self* self, std::string_view name, Ts&&... arguments) {
    return detail::respond_later<Handle>(self, [&](detail::spawn_done done) {
      start_spawn(detail::make_request<Handle>(name, std::forward<Ts>(arguments)...), std::move(done));
    });
  }

  /// Tells the actors to end with `exit_reason::user_shutdown`, then the process; kills it after `stop_timeout`.
  /// Returns at once.
  void stop();

  /// Ends the process with SIGKILL, as a crash would.
  void kill();

  /// The number of the process, 0 if there is none.
  [[nodiscard]] int pid() const;
  /// The number that events and certificates name it by.
  [[nodiscard]] uint32_t slot() const;
  /// Whether the process runs; may be outdated at once.
  [[nodiscard]] bool alive() const;

private:
  friend class host;

  explicit worker(std::shared_ptr<runtime::worker_process> impl) : impl_(std::move(impl)) {
    // nop
  }

  caf::expected<caf::strong_actor_ptr> spawn_and_wait(transport::spawn_request what);
  void start_spawn(transport::spawn_request what, detail::spawn_done done);

  std::shared_ptr<runtime::worker_process> impl_;
};

} // namespace bulkhead
