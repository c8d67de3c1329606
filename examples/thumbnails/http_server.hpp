#pragma once

#include "options.hpp"

#include <caf/fwd.hpp>

namespace thumbnails {

/// A light actor that listens on `opts.listen_host` and gives each connection an actor of its own:
///   (run_atom) -> unit, once SIGINT or SIGTERM has arrived and the answers under way were given; or an error if it cannot
///   listen there.
caf::behavior http_server(caf::event_based_actor* self, const options& opts, const caf::actor& pool);

} // namespace thumbnails
