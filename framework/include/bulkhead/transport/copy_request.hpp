#pragma once

#include "bulkhead/platform/fd_passing.hpp"
#include "bulkhead/platform/os_error.hpp"
#include "bulkhead/platform/process.hpp"
#include "bulkhead/platform/unique_fd.hpp"

#include <span>
#include <vector>

namespace bulkhead::transport {

// How a host gets a worker from a fork server:
//
//      host                          fork server                       copy
//        |---- descriptors, numbers ----->|
//        |                                |----- clone --------------->|
//        |<----------- over the worker's own control socket: its pidfd |
//        |------------ hello ----------------------------------------->|
//
// The copy speaks for itself, so the host knows of each one that exists, also when the server dies right after it has made it. If no copy
// can be made, the server says why on the same socket; if it dies, the host reads end-of-stream there.

/// The descriptors that a copy shall have, and their numbers.
struct copy_request {
  std::vector<platform::unique_fd> fds;
  /// From 0 to `worker_fd::end`, that excluded, each once.
  std::vector<int> targets;

  /// The one with the number `target`, -1 if there is none.
  [[nodiscard]] int find(int target) const noexcept;
};

/// Never waits. @returns errors as `platform::send_with_fds`.
[[nodiscard]] platform::result<void> send_copy_request(int socket,
                                                       std::span<const platform::process_spec::passed_fd> passed);

/// Waits for the next one. @returns ECONNRESET when the host has gone, EPROTO for what is none, EMFILE if descriptors got lost for want of
/// room.
[[nodiscard]] platform::result<copy_request> receive_copy_request(int socket);

/// In the copy: tells the host on `control` who this is.
[[nodiscard]] platform::result<void> announce_copy(int control);

/// In the server: tells the host on `control` why there is no copy.
[[nodiscard]] platform::result<void> announce_failure(int control, const platform::os_error& why);

/// The `call` of an error that a fork server had.
inline constexpr const char* clone_call = "clone";

/// The process that was announced on `control`, for which `platform::tell_senders` was called before. Never waits.
/// @returns EAGAIN if nothing was said yet, ECONNRESET if nothing ever will be, EPROTO or EMSGSIZE for garbage, ECHILD for a process that is not the
///          one that says so, or what kept the server from making it, with `clone_call`.
[[nodiscard]] platform::result<platform::process> receive_copy(int control);

} // namespace bulkhead::transport
