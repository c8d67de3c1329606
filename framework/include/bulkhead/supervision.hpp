#pragma once

#include "bulkhead/supervision/restart_policy.hpp"
#include "bulkhead/transport/supervision_event.hpp"

#include <caf/fwd.hpp>

#include <cstdint>

namespace bulkhead {

/// Which attempt at the message that `self` handles just now this is, counted from 1. More than 1 only in a supervised worker with
/// `in_doubt::retry`: the processes of the earlier attempts died in the handler, which may have done a part of its work.
[[nodiscard]] uint32_t attempt(caf::local_actor* self) noexcept;

} // namespace bulkhead
