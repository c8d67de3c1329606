#pragma once

#include <cstdint>
#include <string>

namespace bulkhead::platform {

/// How a process ended.
/// Thread safety and lifetime: a plain value.
struct exit_status {
  enum class kind : uint8_t {
    /// It called exit or returned from main; `value` is the exit code, 0 to 255.
    exited,
    /// A signal ended it; `value` is the signal's number.
    signaled,
    /// It ended, but another part of this program took the status (it waits for any child, or ignores SIGCHLD); `value`
    /// is 0.
    unknown,
  };

  kind how = kind::exited;
  int value = 0;

  /// For people: "exited with code 3", "killed by signal 9 (SIGKILL)".
  [[nodiscard]] std::string describe() const;

  [[nodiscard]] friend bool operator==(const exit_status&, const exit_status&) noexcept = default;
};

} // namespace bulkhead::platform
