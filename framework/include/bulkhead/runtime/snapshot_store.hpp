#pragma once

#include <caf/byte_buffer.hpp>

#include <cstddef>
#include <mutex>
#include <span>

namespace bulkhead::runtime {

/// What an actor has left to its successor, in the host: the last snapshot and nothing else, so that a flood of them takes no
/// memory. Of what stands in it the host reads the name of its type only.
///
/// Thread safety: all functions from any thread.
class snapshot_store {
public:
  /// Takes the place of what was there.
  void keep(std::span<const std::byte> encoded);

  /// Empty if there is none.
  [[nodiscard]] caf::byte_buffer last() const;

  /// A new program takes over, which may have to make way for the former one again.
  void begin_probation();

  /// It has passed.
  void end_probation();

  /// The former one returns. It starts with what the new one has left, if that is of the type that it has left itself; else with
  /// its own.
  void fail_probation();

  /// There is no successor: keeps nothing any more.
  void close();

private:
  mutable std::mutex mutex_;
  caf::byte_buffer last_;
  /// Of the former program, while the new one is on probation.
  caf::byte_buffer former_;
  bool closed_ = false;
};

} // namespace bulkhead::runtime
