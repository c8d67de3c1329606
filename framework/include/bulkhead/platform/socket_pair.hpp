#pragma once

#include "bulkhead/platform/os_error.hpp"
#include "bulkhead/platform/unique_fd.hpp"

#include <chrono>
#include <cstddef>
#include <span>

namespace bulkhead::platform {

/// Two connected sockets that keep the limits of packets: the control channel between host and worker, and the lifeline
/// of both, since either reads end-of-stream when the other's process has gone.
///
/// Thread safety and lifetime: those of the descriptors. Both are closed on exec; `ours` never blocks, `theirs` does.
struct socket_pair {
  unique_fd ours;
  unique_fd theirs;

  /// @returns EMFILE, ENFILE or ENOMEM when the system has run out of them.
  [[nodiscard]] static result<socket_pair> create();
};

/// Sends `packet` as a whole or not at all; never raises SIGPIPE.
/// @returns EINVAL for an empty packet (the receiver would take it for the end), EMSGSIZE for one that is too large,
///          EAGAIN if a nonblocking socket is full, EPIPE or ECONNRESET if the peer has gone.
[[nodiscard]] result<void> send_packet(int fd, std::span<const std::byte> packet);

/// Receives one packet.
/// @returns its size in bytes, 0 if the peer has closed; EMSGSIZE if it was longer than `buffer` (the packet is
///          lost), EAGAIN if nothing waits at a nonblocking socket, ECONNRESET if the peer went without reading all.
[[nodiscard]] result<size_t> receive_packet(int fd, std::span<std::byte> buffer);

/// Waits until reading from `fd` would not block: there is data, the end, or an error to fetch.
/// @returns false if that was not so for `max`.
[[nodiscard]] result<bool> wait_readable(int fd, std::chrono::milliseconds max);

} // namespace bulkhead::platform
