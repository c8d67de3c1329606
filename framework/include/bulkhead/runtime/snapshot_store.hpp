#pragma once

#include <caf/byte_buffer.hpp>

#include <cstddef>
#include <mutex>
#include <span>

namespace bulkhead::runtime {

/// What an actor has left to its successor, in the host: the last snapshot and nothing else, so that a flood of them takes no memory. The
/// host never looks into it.
///
/// Thread safety: all functions from any thread.
class snapshot_store {
public:
  /// Takes the place of what was there.
  void keep(std::span<const std::byte> encoded);

  /// Empty if there is none.
  [[nodiscard]] caf::byte_buffer last() const;

  /// There is no successor: keeps nothing any more.
  void close();

private:
  mutable std::mutex mutex_;
  caf::byte_buffer last_;
  bool closed_ = false;
};

} // namespace bulkhead::runtime
