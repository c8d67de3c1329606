#pragma once

#include <catch2/catch.hpp>

#include <bulkhead/transport/edge.hpp>
#include <bulkhead/transport/inbox.hpp>
#include <bulkhead/transport/outbox.hpp>

#include <utility>

#include <unistd.h>

namespace edges {

using namespace bulkhead;

inline platform::unique_fd copy_of(int fd) {
  return platform::unique_fd{::dup(fd)};
}

/// Both ends of an edge in this process. Each has mappings of its own, as two processes have.
struct edge_pair {
  transport::edge host;
  transport::edge worker;
};

inline edge_pair make_pair(shm::geometry rings) {
  auto made = transport::make_edge(rings);
  REQUIRE(made.has_value());
  REQUIRE(transport::reserve_pages(*made).has_value());
  auto worker = transport::adopt_edge(rings, copy_of(made->down_region.fd()), copy_of(made->up_region.fd()),
                                      copy_of(made->host.peer_bell.fd()), copy_of(made->host.own_bell.fd()),
                                      std::move(made->channel));
  REQUIRE(worker.has_value());
  return {std::move(made->host), std::move(*worker)};
}

inline transport::outbox make_outbox(const transport::edge& end, transport::outbox_limits limits = {}) {
  return {end.own.data(), end.peer.data(), end.rings, end.peer_bell, end.own_bell, limits};
}

inline transport::inbox make_inbox(const transport::edge& end, uint64_t message_bytes_max = uint64_t{1} << 30) {
  return {end.own.data(), end.peer.data(), end.rings, message_bytes_max};
}

constexpr shm::geometry small{4096, 4096};

} // namespace edges
