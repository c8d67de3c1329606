#pragma once

#include "bulkhead/runtime/export_table.hpp"
#include "bulkhead/runtime/handled_log.hpp"

#include <caf/tracing_data.hpp>

#include <cstdint>
#include <memory>

namespace bulkhead::runtime {

/// Makes what CAF carries along with a message in a mailbox and destroys when its handler has returned, or when the message is
/// thrown away: then `log` gets `ticket`.
[[nodiscard]] caf::tracing_data_ptr make_mark(std::shared_ptr<handled_log> log, const wire_address& source, uint64_t ticket,
                                              uint64_t bytes);

/// Who sent the message that carries `mark`.
[[nodiscard]] wire_address source_of(const caf::tracing_data& mark);

} // namespace bulkhead::runtime
