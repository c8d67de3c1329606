#pragma once

#include <caf/fwd.hpp>

#include <string_view>

namespace bulkhead::runtime {

/// The heavy actor that runs tasks in a worker of an executor. Its arguments: a `task_claims`, and a function with its arguments
/// to be run first (key 0: none), whose failure is that of the spawn.
constexpr std::string_view task_runner_name = "bulkhead.task_runner";

/// Makes the runner known; Bulkhead does this in every worker.
void add_task_runner(caf::actor_system_config& cfg);

} // namespace bulkhead::runtime
