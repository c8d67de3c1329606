#pragma once

#include <optional>
#include <string>

namespace bulkhead::platform {

/// As many processors as the control groups of this process may keep busy: their smallest quota of CPU time (`cpu.max`, or
/// `cpu.cfs_quota_us` of version 1), rounded up. Empty if none is limited, or the system does not tell.
/// @param root where the file systems /proc and /sys stand, with a slash at its end.
[[nodiscard]] std::optional<unsigned> cpu_quota(const std::string& root = "/");

} // namespace bulkhead::platform
