#pragma once

#include "options.hpp"

#include <caf/fwd.hpp>

namespace thumbnails {

/// A light actor that makes thumbnails of all files below `opts.input`, through `pool`:
///   (run_atom) -> batch_outcome
/// It keeps all workers busy, shows progress on standard error, and prints a table of results and a summary on standard
/// output before it answers. Both folders exist.
caf::behavior batch(caf::event_based_actor* self, const options& opts, const caf::actor& pool);

} // namespace thumbnails
