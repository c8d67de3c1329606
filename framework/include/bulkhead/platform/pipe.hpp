#pragma once

#include "bulkhead/platform/os_error.hpp"
#include "bulkhead/platform/unique_fd.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace bulkhead::platform {

/// A one-way stream of bytes: how a worker's output reaches the host.
///
/// Thread safety and lifetime: those of the descriptors. Both are closed on exec; reading never blocks, writing does.
struct pipe_pair {
  unique_fd read_end;
  unique_fd write_end;

  /// @returns EMFILE or ENFILE when the system has run out of descriptors.
  [[nodiscard]] static result<pipe_pair> create();
};

/// Reads what is there, at most `buffer.size()` bytes.
/// @returns the number of bytes, 0 at the end of the stream; EAGAIN if nothing waits.
[[nodiscard]] result<size_t> read_some(int fd, std::span<char> buffer);

/// Writes `text` to a pipe, terminal, socket or file that may be somebody else's and in blocking mode, as far as that is
/// possible without waiting: meant for standard error, whose reader must not be able to stop the host.
/// @returns false if part of `text` was dropped: no room, no reader, or an error.
[[nodiscard]] bool write_if_ready(int fd, std::string_view text) noexcept;

} // namespace bulkhead::platform
