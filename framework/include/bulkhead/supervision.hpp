#pragma once

#include "bulkhead/supervision/restart_policy.hpp"
#include "bulkhead/transport/supervision_event.hpp"

#include <caf/fwd.hpp>

#include <cstdint>

namespace bulkhead {

/// Which attempt at the message that `self` handles just now this is, counted from 1. More than 1 only in a supervised worker with
/// `in_doubt::retry`: the processes of the earlier attempts died in the handler, which may have done a part of its work.
[[nodiscard]] uint32_t attempt(caf::local_actor* self) noexcept;

/// Whether the handler that `self` runs just now has taken longer than its `handler_policy::time_max`: then it should end, with an error
/// for who has asked, before its process is killed. Reads a clock. False in actors without such a policy.
[[nodiscard]] bool overdue(caf::local_actor* self) noexcept;

} // namespace bulkhead
