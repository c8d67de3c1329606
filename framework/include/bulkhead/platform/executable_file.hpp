#pragma once

#include "bulkhead/platform/os_error.hpp"
#include "bulkhead/platform/unique_fd.hpp"

#include <string>

#include <sys/types.h>

namespace bulkhead::platform {

/// The file that a process runs: it stays the same when another file takes its place, or it is removed.
///
/// Thread safety: const functions from any thread. Lifetime: independent of the process.
class executable_file {
public:
  /// @returns the call that failed: "open" with ENOENT or ESRCH if there is no such process any more.
  [[nodiscard]] static result<executable_file> of(pid_t process);

  /// Whether `path` leads to this file at the moment.
  [[nodiscard]] bool stands_at(const std::string& path) const;

  /// A path that executes it, in this process and its children, as long as this object exists.
  [[nodiscard]] std::string path() const;

private:
  explicit executable_file(unique_fd fd) noexcept : fd_(std::move(fd)) {
    // nop
  }

  unique_fd fd_;
};

} // namespace bulkhead::platform
