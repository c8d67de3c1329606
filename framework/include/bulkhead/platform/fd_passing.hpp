#pragma once

#include "bulkhead/platform/os_error.hpp"
#include "bulkhead/platform/unique_fd.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <sys/types.h>

namespace bulkhead::platform {

/// Most descriptors that one packet takes; half of what the kernel allows (SCM_MAX_FD in unix(7)).
constexpr size_t fds_per_packet_max = 126;

/// Sends `packet` with copies of `fds` over a Unix socket that keeps the limits of packets. Never waits.
/// @returns EAGAIN if the socket is full, ETOOMANYREFS if this user has too many descriptors under way, EBADF if one of
///          them is not open, EINVAL for an empty packet or too many descriptors, EPIPE or ECONNRESET if the peer has gone.
[[nodiscard]] result<void> send_with_fds(int socket, std::span<const std::byte> packet, std::span<const int> fds);

/// A packet as it arrived.
struct packet_with_fds {
  /// 0 if the peer has closed.
  size_t bytes = 0;

  /// Closed on exec. Fewer than were sent if this process ran out of descriptors.
  std::vector<unique_fd> fds;

  /// Who has sent it, as the kernel says; only after `tell_senders`.
  std::optional<pid_t> sender;
};

/// From now on packets that arrive at `socket` tell who has sent them (SO_PASSCRED in unix(7)).
[[nodiscard]] result<void> tell_senders(int socket);

/// Receives one packet into `buffer`. Never waits.
/// @returns EAGAIN if none is there, EMSGSIZE if it was longer than `buffer` (the packet is lost).
[[nodiscard]] result<packet_with_fds> receive_with_fds(int socket, std::span<std::byte> buffer);

/// A second descriptor for the open file behind `fd`, closed on exec.
/// @returns EBADF, or EMFILE when no descriptor is left.
[[nodiscard]] result<unique_fd> duplicate(int fd);

/// Makes `number` another descriptor for the open file behind `fd`, closed on exec unless it is a standard stream. What it was before is
/// closed.
/// @returns EBADF for one that is not open, or a number that none can have.
[[nodiscard]] result<void> duplicate_as(int fd, int number);

/// Closes `fd` on exec. Nothing happens if it is not open.
void close_on_exec(int fd) noexcept;

} // namespace bulkhead::platform
