#pragma once

#include <atomic>

namespace bulkhead::shm {

/// Tells the writer of a value whether anybody waits for a change, so that a store costs no message when nobody does.
///
/// The danger is the lost change: the watcher finds nothing new and waits while the writer, having looked just before,
/// believes that nobody does. Both therefore write their own word first and read the other's second, in one total order: the
/// watcher wants and then reads the version, the writer stores the version and then asks whether it is wanted.
///
/// Thread safety: any thread of the writer's process. Lifetime: of the writer and of all that watch.
class change_watch {
public:
  /// To be called before the version is looked at for the last time.
  void want() noexcept {
    wanted_.store(true, std::memory_order_seq_cst); // sync: watch/change
  }

  /// To be called after a new version was stored.
  /// @returns whether somebody must be told of it; the next `want` is needed before this is true again.
  [[nodiscard]] bool take() noexcept {
    if (!wanted_.load(std::memory_order_seq_cst)) // sync: watch/change
      return false;
    wanted_.store(false, std::memory_order_relaxed); // Relaxed: the message that follows is what tells the watcher.
    return true;
  }

private:
  std::atomic<bool> wanted_ = false;
};

} // namespace bulkhead::shm
