#pragma once

#include <caf/byte_buffer.hpp>
#include <caf/error.hpp>
#include <caf/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>

namespace bulkhead::runtime {

class link;

/// Appends an encoded snapshot.
using state_source = std::function<caf::error(caf::byte_buffer&)>;

/// The state of a worker's root: what its predecessor has left, and what goes to its successor.
///
/// Thread safety: all functions from any thread, but `inherit` before the root is made. Lifetime: as long as the process.
class worker_snapshots {
public:
  /// The root is about to be made.
  void inherit(std::span<const std::byte> encoded);
  void begin(std::shared_ptr<link> via, uint64_t root);

  /// What the predecessor has left; empty if there is none.
  [[nodiscard]] std::span<const std::byte> inherited() const noexcept {
    return {reinterpret_cast<const std::byte*>(inherited_.data()), inherited_.size()};
  }

  /// The successor shall start with this, unless another one follows.
  /// @returns `message_too_large` or `shutting_down`; then the one before counts.
  [[nodiscard]] caf::error leave(const caf::local_actor& root, caf::byte_buffer&& encoded);

  /// `source` is called when the process is to be replaced; it takes the place of another one.
  void on_handover(state_source source);

  /// Whether there is such a function.
  [[nodiscard]] bool has_source() const;

  /// Leaves what the function says now; if that fails, the last snapshot counts, and the worker's standard error tells it. Between
  /// two handlers of `root`.
  void hand_over(const caf::local_actor& root);

  /// The root has ended: what the function refers to may be gone.
  void forget_source();

private:
  caf::byte_buffer inherited_;
  std::shared_ptr<link> via_;
  uint64_t root_ = 0;

  mutable std::mutex mutex_;
  /// Not copied: it may hold the state itself.
  std::shared_ptr<const state_source> source_;
};

} // namespace bulkhead::runtime
