#pragma once

#include <caf/fwd.hpp>

#include <string_view>

namespace bulkhead::runtime {

/// Whether a host started this process as one of its workers. Ask before anything else is done in `main`.
[[nodiscard]] bool is_worker();

/// Turns this process into a worker: answers the host, then serves until the host stops it, dies, or all actors ended.
/// Type ids must be initialized, and `cfg` must know the factories of the actors.
/// @returns the exit status for `main`.
[[nodiscard]] int run_worker(caf::actor_system_config& cfg);

/// Records a moment of this worker; nothing in another process. Any thread, a signal handler too.
void mark_moment(std::string_view text) noexcept;

} // namespace bulkhead::runtime
