#pragma once

#include "bulkhead/platform/os_error.hpp"

#include <caf/error.hpp>

namespace bulkhead::transport {

/// What a process cannot get from the kernel.
/// @returns `errc::startup_failed` for a call that this system does not have or permit, else `errc::resources_exhausted`.
[[nodiscard]] caf::error kernel_refusal(const platform::os_error& failed);

} // namespace bulkhead::transport
