#pragma once

// Actors that more than one of these tests needs. Each is known under its own name.

#include "support/stage.hpp"

namespace conformance {

/// When all that happens after a busy time is over.
constexpr caf::timespan long_after{std::chrono::milliseconds{120}};

/// Answers with what it gets, and with the handle of whoever asks.
caf::behavior echo(caf::event_based_actor* self);

/// Passes each text on to `to`, which answers it.
caf::behavior relay(caf::event_based_actor* self, caf::actor to);

/// Does what a message tells it, so that a test can let an actor in a worker begin something:
///   (forward, actor, message)  sends it, answers when done
///   (get, actor, text)         requests it, answers with the response
///   (get, actor, timespan)     requests (wait_for) with this timeout, answers with "answered" or the error
///   (monitor, actor)           sends the reason to whoever asked when the actor ends
///   (link, actor), (unlink, actor)
///   (close, error)             quits
caf::behavior puppet(caf::event_based_actor* self);

/// Keeps what it is asked: (wait_for) is answered with a number when (ok) comes, dropped when (reset) comes; the answer
/// comes by itself to (wait_for, timespan).
caf::behavior keeper(caf::event_based_actor* self);

} // namespace conformance
