#pragma once

#include "body_budget.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <memory>

namespace thumbnails {

struct session_options {
  /// For the client to send a header, to send a body, and to take an answer: each.
  std::chrono::milliseconds client_patience;
  uint64_t body_bytes_max;
  uint32_t default_width;

  /// For the bodies of all sessions.
  std::shared_ptr<body_budget> bodies;
};

/// A light actor that serves one connection of HTTP/1.1 and ends with it. It waits in the scheduler's own threads, so
/// thousands of idle or slow connections cost memory only.
///   (finish_atom): ends after the answer that is under way, or at once.
///
/// @param socket a connected TCP socket, which the actor owns from now on.
caf::behavior http_session(caf::event_based_actor* self, int socket, const session_options& opts,
                           const caf::actor& pool);

/// The same for one connection too many: it gets 503 and is closed.
caf::behavior refusing_http_session(caf::event_based_actor* self, int socket, const session_options& opts);

} // namespace thumbnails
