#pragma once

#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>

namespace actors {

/// Answers with what it gets: a string, an int64_t, or a block of bytes (`bulkhead::bytes`).
///
/// Computes nothing, so that what a request to it costs is what crossing into its process and back costs.
caf::behavior echo(caf::event_based_actor* self);

} // namespace actors
