#pragma once

#include "bulkhead/supervision/restart_policy.hpp"
#include "bulkhead/transport/supervision_event.hpp"

#include <caf/fwd.hpp>

#include <cstdint>

namespace bulkhead {

/// Which attempt at the message that `self` handles just now this is, counted from 1. More than 1 only in a supervised worker with
/// `in_doubt::retry`: the processes of the earlier attempts died in the handler, which may have done a part of its work.
/// @param self from inside of it.
[[nodiscard]] uint32_t attempt(caf::local_actor* self) noexcept;

/// Whether the handler that `self`, a heavy actor, runs just now should end: it has taken longer than its `handler_policy::time_max`, and
/// its process may be killed; or nobody waits for its answer any more, because the time of the request is over, or of the one in whose
/// handler that was made. Reads some memory, where the host says so.
/// @param self from inside of it.
[[nodiscard]] bool overdue(caf::local_actor* self) noexcept;

} // namespace bulkhead
