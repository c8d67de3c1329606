#pragma once

#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace thumbnails {

struct pool_options {
  uint32_t workers = 2;

  /// For one picture, from the moment that a worker gets it.
  std::chrono::milliseconds deadline{2'000};

  /// Of private memory, for each worker.
  uint64_t memory_bytes_max = uint64_t{256} << 20;

  /// Of pictures that wait for a worker, all together. What exceeds it is answered with `busy`.
  size_t waiting_bytes_max = size_t{512} << 20;
  size_t waiting_max = 4'096;
};

/// A light actor in front of a pool of decoders, each in a process of its own, which get one picture at a time:
///   (bulkhead::bytes picture, uint32_t width) -> thumbnail, or a `picture_error` made by `make_failure`
///   (health_atom) -> pool_health
///
/// A worker that dies or exceeds the deadline costs exactly its picture; a new one takes over.
caf::behavior pool(caf::event_based_actor* self, const pool_options& options);

} // namespace thumbnails
