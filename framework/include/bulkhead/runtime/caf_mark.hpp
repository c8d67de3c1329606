#pragma once

#include "bulkhead/runtime/export_table.hpp"
#include "bulkhead/runtime/handled_log.hpp"
#include "bulkhead/shm/flight_recorder.hpp"

#include <caf/tracing_data.hpp>

#include <cstdint>
#include <memory>

namespace bulkhead::runtime {

/// Makes what CAF carries along with a message in a mailbox and destroys when its handler has returned, or when the message is
/// thrown away: then `log` gets `ticket`.
/// @param deaths how many processes died before in the handler of the message.
[[nodiscard]] caf::tracing_data_ptr make_mark(std::shared_ptr<handled_log> log, const wire_address& source,
                                              uint64_t ticket, uint64_t bytes, uint32_t deaths = 0);

/// Who sent the message that carries `mark`.
[[nodiscard]] wire_address source_of(const caf::tracing_data& mark);

/// The calling thread is about to run the handler of a message.
/// @param mark of the message; may be null or of another kind.
/// @param recorder outlives the thread.
/// @param in_turn whether `handlers_over` follows after a few messages: then not each of them needs a look at the clock.
/// @param what about the message; sender and size come from the mark if there is one.
void handler_entered(const caf::tracing_data* mark, shm::flight_recorder& recorder, shm::recorded_message what,
                     bool in_turn);

/// It throws the message away instead, and `handler_left` follows all the same.
void handler_omitted() noexcept;

/// Whether nobody waits any more for the answer to the request with this mark.
[[nodiscard]] bool has_lapsed(const caf::tracing_data* mark) noexcept;

/// It has run the handler that it entered last. `skipped`: the actor let the message wait for later.
void handler_left(bool skipped);

/// Whether the handler of the message with this mark, which runs, has taken longer than it may, or nobody waits for its answer any more.
[[nodiscard]] bool is_overdue(const caf::tracing_data* mark) noexcept;

/// The calling thread has run the handlers of its turn: those that it has not left were ended by exceptions.
void handlers_over() noexcept;

/// How many processes died before in the handler of the message with this mark; 0 if it is null or of another kind.
[[nodiscard]] uint32_t deaths_before(const caf::tracing_data* mark) noexcept;

} // namespace bulkhead::runtime
