#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace bulkhead::platform {

/// How many processes the kernel has killed because memory ran out.
struct oom_kill_count {
  /// In this process's control group and those below; empty if that is not counted here.
  std::optional<uint64_t> group;
  /// On this machine.
  std::optional<uint64_t> machine;
};

/// @param root where /proc and /sys are; other than "/" only in tests.
[[nodiscard]] oom_kill_count count_oom_kills(const std::string& root = "/");

/// Whether a process of this group was killed between two counts, or any one where only those of the machine are known.
[[nodiscard]] bool rose(const oom_kill_count& before, const oom_kill_count& after) noexcept;

} // namespace bulkhead::platform
