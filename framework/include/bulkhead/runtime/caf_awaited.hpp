#pragma once

#include "bulkhead/runtime/pending_table.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/fwd.hpp>
#include <caf/message_id.hpp>
#include <caf/resumable.hpp>

#include <cstdint>

namespace bulkhead::runtime {

/// The actor as its scheduler sees it; null for one that no scheduler runs.
[[nodiscard]] caf::resumable* as_job(const caf::strong_actor_ptr& actor) noexcept;

/// Number of the request whose response an actor awaits, and before which it handles nothing else; 0 if there is none. Only for
/// whoever has the actor's turn.
[[nodiscard]] uint64_t awaited_request(caf::resumable& job) noexcept;

/// The request that an actor handles just now; number 0 if it handles something else, or a request from this process whose sender is kept
/// by a response promise already. Only in its handler.
[[nodiscard]] request_key handled_request(caf::resumable& job, transport::process_number self) noexcept;

/// Whether an exit comes next in an actor's mailbox: CAF's have their place among the other messages. Only for whoever has its turn.
[[nodiscard]] bool exit_is_next(caf::resumable& job) noexcept;

/// The id of a response to a request that nobody has made: CAF drops it, or skips it in an actor that awaits another one.
[[nodiscard]] caf::message_id nobodys_response() noexcept;

/// Makes `actor` take a turn in which it handles nothing on this account.
void give_turn(const caf::strong_actor_ptr& actor, caf::execution_unit* context);

} // namespace bulkhead::runtime
