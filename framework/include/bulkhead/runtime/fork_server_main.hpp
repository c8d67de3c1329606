#pragma once

#include "bulkhead/platform/unique_fd.hpp"
#include "bulkhead/transport/handshake.hpp"

namespace bulkhead::runtime {

/// Turns this process into a fork server: runs what it shall run first, answers the host, then makes a copy of itself whenever the host
/// asks for one. Returns in each copy, which has a worker's descriptors then and in which a host speaks on `worker_fd::control`; in the
/// server itself never. What the first function has opened, the copies have too. To be called while there is one thread.
void serve_copies(platform::unique_fd control, const transport::hello& what);

} // namespace bulkhead::runtime
