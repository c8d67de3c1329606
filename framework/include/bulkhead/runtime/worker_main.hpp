#pragma once

#include <caf/error.hpp>
#include <caf/fwd.hpp>

#include <string_view>

namespace bulkhead::runtime {

/// Whether a host started this process as one of its workers. Ask before anything else is done in `main`.
[[nodiscard]] bool is_worker();

/// Why this process cannot have a host: it is a worker. Empty if it is none. A process that was started as a worker and has not handed
/// over to `run_worker` by now would go on as a host that starts workers: it ends here, with the reason on standard error and in its
/// host's error. A helper that looks for names ends here, too.
[[nodiscard]] caf::error refuse_host();

/// For whoever finds no host in an actor system: `nested_worker` in a worker, else `not_loaded`.
[[nodiscard]] caf::error no_host_error();

/// Turns this process into a worker: answers the host, then serves until the host stops it, dies, or all actors ended.
/// Type ids must be initialized, and `cfg` must know the factories of the actors.
/// @returns the exit status for `main`.
[[nodiscard]] int run_worker(caf::actor_system_config& cfg);

/// Records a moment of this worker; nothing in another process. Any thread, a signal handler too.
void mark_moment(std::string_view text) noexcept;

} // namespace bulkhead::runtime
