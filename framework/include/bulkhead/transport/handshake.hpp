#pragma once

#include "bulkhead/platform/os_error.hpp"
#include "bulkhead/shm/layout.hpp"
#include "bulkhead/transport/backlog_limits.hpp"
#include "bulkhead/transport/errc.hpp"
#include "bulkhead/transport/payload_fallback.hpp"
#include "bulkhead/transport/record.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace bulkhead::transport {

/// The number of the protocol that this build speaks.
constexpr uint32_t protocol_version = 12;

/// Twenty random octets that name one host system. Together with a process number they make a CAF node id.
using system_key = std::array<uint8_t, 20>;

/// Size of the control lane: a few thousand exits may wait in it.
constexpr uint32_t control_ring_bytes = uint32_t{1} << 16;

/// How a loop waits when there is nothing to do.
enum class wait_strategy : uint8_t {
  /// Spins for about as long as a wake-up costs, then sleeps. Never worse than twice the best choice
  /// (Karlin, Manasse, McGeoch, Owicki: Competitive randomized algorithms for nonuniform problems, 1994).
  adaptive,
  /// Sleeps at once: for machines that run more loops than they have cores.
  park,
  /// Never sleeps: burns one core for the shortest latency.
  busy,
};

/// The descriptors that a worker is started with.
namespace worker_fd {
constexpr int control = 3;
constexpr int down_region = 4;
constexpr int up_region = 5;
constexpr int worker_bell = 6;
constexpr int host_bell = 7;
constexpr int channel = 8;
/// Only if the host tracks tickets.
constexpr int ticket_states = 9;
/// Only if there are settings. A copy has them from its fork server.
constexpr int settings = 10;
/// The first number that is no worker's.
constexpr int end = 11;
/// Of a fork server, which has only this one and the control socket: the function that it runs first, with its arguments.
constexpr int preload = 4;
} // namespace worker_fd

/// Set in a worker's environment; its value is the version of the protocol.
constexpr const char* worker_variable = "BULKHEAD_WORKER";

/// What the host tells a worker before anything else.
struct hello {
  uint64_t magic = expected_magic;
  uint32_t protocol = protocol_version;
  uint32_t layout = shm::layout_version;
  uint32_t caf_version = 0;
  int32_t host_pid = 0;
  uint64_t type_table = 0;
  process_number number = 0;
  uint32_t slot = 0;
  uint32_t incarnation = 0;
  uint32_t host_node_process = 0;
  system_key host_node_key = {};
  system_key key = {};
  shm::geometry geometry = {};
  uint64_t message_bytes_max = 0;
  backlog_options backlog = {};
  uint64_t payload_bytes_max = 0;
  /// 0: no limit.
  uint64_t memory_bytes_max = 0;
  /// For so many open tickets the worker notes how far it has come with their messages. 0: for none.
  uint32_t tracked_tickets = 0;
  uint32_t spin_ns = 0;
  wait_strategy wait = wait_strategy::adaptive;
  /// The worker stays when its roots have ended.
  uint8_t stays = 0;
  payload_fallback fallback = payload_fallback::copy;
  /// It becomes no worker but a fork server, and what is said of workers above does not count.
  uint8_t makes_copies = 0;
  uint8_t unused[4] = {};
  /// Of a fork server: size of what `worker_fd::preload` holds. 0: there is nothing to run first.
  uint64_t preload_bytes = 0;
  /// The signals that the application blocks; the worker begins with more of them blocked, see `platform::group_signals`.
  uint64_t blocked_signals = 0;
  /// Size of what `worker_fd::settings` holds, of a worker or a fork server. 0: there is nothing.
  uint64_t settings_bytes = 0;

  static constexpr uint64_t expected_magic = 0x64616568'6b6c7562; // "bulkhead"
};

/// What the worker answers: `errc::none` when it is ready, or why not; and later `errc::shutting_down` when it begins to end in good order.
struct verdict {
  errc code = errc::none;
  std::string text;
};

/// @returns `build_mismatch` with both values if a worker with `mine` cannot serve a host that said `theirs`.
[[nodiscard]] verdict compare(const hello& theirs, const hello& mine);

[[nodiscard]] platform::result<void> send_hello(int socket, const hello& what);
[[nodiscard]] platform::result<hello> receive_hello(int socket);
[[nodiscard]] platform::result<void> send_verdict(int socket, const verdict& what);
/// Garbage becomes a verdict with `startup_failed`.
/// @returns ECONNRESET if the worker closed its end, EAGAIN if it has said nothing yet.
[[nodiscard]] platform::result<verdict> receive_verdict(int socket);

} // namespace bulkhead::transport
