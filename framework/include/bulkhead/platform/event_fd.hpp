#pragma once

#include "bulkhead/platform/os_error.hpp"
#include "bulkhead/platform/unique_fd.hpp"

#include <utility>

namespace bulkhead::platform {

/// Wakes a thread of any process that waits until a descriptor is readable.
///
/// Thread safety: `ring` and `drain` from any thread and process. Lifetime: rings are kept as long as one process has
/// the eventfd open.
class event_fd {
public:
  /// Makes one that is not rung, nonblocking and closed on exec.
  /// @returns EMFILE, ENFILE or ENOMEM when the system has run out of them.
  [[nodiscard]] static result<event_fd> create();

  /// Takes an eventfd that `create` made, perhaps in another process.
  [[nodiscard]] static event_fd adopt(unique_fd fd) noexcept {
    return event_fd{std::move(fd)};
  }

  /// Makes the descriptor readable. Rings that nobody drained add up to one.
  void ring() const noexcept;

  /// Makes the descriptor unreadable until the next ring.
  void drain() const noexcept;

  [[nodiscard]] int fd() const noexcept {
    return fd_.get();
  }

private:
  explicit event_fd(unique_fd fd) noexcept : fd_(std::move(fd)) {}

  unique_fd fd_;
};

} // namespace bulkhead::platform
