#pragma once

#include "bulkhead/runtime/bound_function.hpp"
#include "bulkhead/transport/codec.hpp"

#include <caf/error.hpp>
#include <caf/fwd.hpp>
#include <caf/message.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bulkhead::runtime {

/// The heavy actor that runs tasks in a worker of an executor. Its arguments: a `task_claims`, and a function with its arguments
/// to be run first (key 0: none), whose failure is that of the spawn.
constexpr std::string_view task_runner_name = "bulkhead.task_runner";

/// What a spawn names that is no actor but a function to be run before the first one, with its number and its arguments; and the root
/// under which the worker tells how that went.
constexpr std::string_view initializer_name = "bulkhead.initializer";
constexpr uint64_t initializer_root = 0;

/// The same for a function that the process keeps, and runs when it ends in good order.
constexpr std::string_view finalizer_name = "bulkhead.finalizer";

/// Asks a process to run `what`, which errors call `name`, before its first actor.
[[nodiscard]] transport::spawn_request request_to_run(std::string name, const bound_function& what);

/// Asks a process to run `what` when it ends in good order.
[[nodiscard]] transport::spawn_request request_to_run_last(const bound_function& what);

/// Runs a function of this program. `what` holds the arguments of `request_to_run`, as they come from the host.
/// @returns `errc::constructor_failed` with the reason if it fails.
[[nodiscard]] caf::error run_initializer(const caf::message& what);

/// The text that such an error holds, or all of it.
[[nodiscard]] std::string explanation_in(const caf::error& failed);

/// Whether the task that this thread runs was cancelled.
[[nodiscard]] bool asked_to_stop() noexcept;

/// The task that this thread runs begins its call `index`.
void call_begins(size_t index) noexcept;

/// Makes the runner known; Bulkhead does this in every worker.
void add_task_runner(caf::actor_system_config& cfg);

} // namespace bulkhead::runtime
