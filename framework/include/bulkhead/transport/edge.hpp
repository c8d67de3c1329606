#pragma once

#include "bulkhead/platform/event_fd.hpp"
#include "bulkhead/platform/mapping.hpp"
#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/platform/os_error.hpp"
#include "bulkhead/platform/unique_fd.hpp"
#include "bulkhead/shm/layout.hpp"
#include "bulkhead/transport/record.hpp"

#include <functional>
#include <optional>

namespace bulkhead::transport {

/// One process's end of an edge: the region that it writes, the peer's region, both bells, and a socket for descriptors.
///
/// Lifetime: owns its mappings and descriptors; the memory goes when both ends have gone.
struct edge {
  shm::geometry rings;
  platform::mapping own;
  platform::mapping peer;
  platform::event_fd own_bell;
  platform::event_fd peer_bell;
  /// One end of a pair of sockets, for descriptors.
  platform::unique_fd channel;
  /// Where the worker notes how far it has come with messages (`shm/ticket_states.hpp`); empty if nobody wants to know.
  platform::mapping ticket_states;
};

/// A new edge: the host's end, and the descriptors for the worker.
struct new_edge {
  edge host;
  platform::memory_file down_region;
  platform::memory_file up_region;
  platform::unique_fd channel;
  std::optional<platform::memory_file> ticket_states;
};

/// Makes the regions and bells of an edge. The host's region is sealed against other writers at once. Nobody may use it before
/// `reserve_pages`: that takes about as long as a process needs to start, so the worker may be started between.
/// @param tracked_tickets for so many of them the worker is to note its progress.
[[nodiscard]] platform::result<new_edge> make_edge(shm::geometry rings, size_t tracked_tickets = 0);

/// Provides the memory of an edge. @returns ENOMEM when the machine does not have it.
[[nodiscard]] platform::result<void> reserve_pages(new_edge& what);

/// The worker's end, from the descriptors that it inherited. Its region is sealed against other writers from here on.
[[nodiscard]] platform::result<edge> adopt_edge(shm::geometry rings, platform::unique_fd down_region,
                                                platform::unique_fd up_region, platform::unique_fd worker_bell,
                                                platform::unique_fd host_bell, platform::unique_fd channel);

/// Adds the memory for the worker's progress to its end.
[[nodiscard]] platform::result<void> adopt_ticket_states(edge& own_end, platform::unique_fd states,
                                                         size_t tracked_tickets);

/// What the peer leaves behind for the time after its death; anything may stand there.
[[nodiscard]] const shm::black_box& black_box_of_peer(const edge& own_end) noexcept;

/// Calls `visit` for each message that this end wrote into the mailbox, at least its beginning, and that the peer has not taken.
/// Only when nobody writes any more. What the peer says about its position is checked; if it lies, nothing is visited.
void for_each_unread(edge& own_end, const std::function<void(const envelope&)>& visit);

} // namespace bulkhead::transport
