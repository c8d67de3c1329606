#pragma once

#include "bulkhead/platform/unique_fd.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace bulkhead::platform {

/// Notices that the kernel has killed processes because memory ran out: in this process's control group and those below, or, where that
/// is not counted, anywhere on the machine.
///
/// Thread safety: as a plain value. Lifetime: holds one descriptor.
class oom_kills {
public:
  /// @param root where /proc and /sys are; other than "/" only in tests.
  explicit oom_kills(const std::string& root = "/");

  /// Whether there were any since the last call or construction. False where the kernel does not count them.
  [[nodiscard]] bool any_more();

private:
  [[nodiscard]] std::optional<uint64_t> count() const;

  unique_fd file_;
  std::optional<uint64_t> seen_;
};

} // namespace bulkhead::platform
