#pragma once

#include <caf/actor_control_block.hpp>
#include <caf/fwd.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>

#include <cstdint>
#include <functional>

namespace bulkhead::runtime {

/// Handles a message at once, on the thread that brings it: short, and without waiting for anything.
/// @param id of the request to which it is the response; 0 for other messages.
using sink_function = std::function<void(uint64_t id, caf::message& content)>;

/// An actor without a mailbox: whatever arrives runs `handle` on the thread that enqueues it. Nothing keeps an actor system from
/// ending for it.
caf::strong_actor_ptr make_sink(caf::actor_system& system, sink_function handle);

/// Nothing is handled any more when this returns, except by threads that have begun.
void close_sink(const caf::strong_actor_ptr& sink);

/// Sends `content` to `receiver` as the request `id` of `sender`.
/// @param id at least 1, each once for a pair of sender and receiver.
void send_request(const caf::strong_actor_ptr& sender, const caf::strong_actor_ptr& receiver, uint64_t id,
                  caf::message content);

/// Runs `then` on the thread on which `actor` ends, or at once if it has ended.
void on_end(const caf::strong_actor_ptr& actor, std::function<void(const caf::error&)> then);

} // namespace bulkhead::runtime
