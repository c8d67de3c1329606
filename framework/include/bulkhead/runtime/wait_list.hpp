#pragma once

#include "bulkhead/runtime/backlog.hpp"
#include "bulkhead/runtime/wait_graph.hpp"

#include <caf/resumable.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

namespace bulkhead::runtime {

class link;

/// What an actor waits for: room behind `via`.
struct room_wait {
  std::shared_ptr<link> via;
  flow who;
};

/// The actors that are not resumed because a receiver of theirs is at its limits, in the order in which they came.
///
/// Thread safety: all functions from any thread. It holds one reference to each actor in it.
class wait_list {
public:
  /// Puts `job` on the list; the caller's reference becomes the list's.
  /// @param runnable whether the actor has something to do.
  void add(caf::resumable* job, room_wait what, bool runnable);

  /// Whether `job` is on the list: then it is kept, with the caller's reference, until its turn comes.
  [[nodiscard]] bool keeps(caf::resumable* job);

  /// Takes off all that wait for nothing any more. The caller runs what it gets, and owns one reference to each.
  [[nodiscard]] std::vector<caf::resumable*> take_ready(const link* via);

  /// The same for `source`, if it waits for room behind `via`.
  [[nodiscard]] std::vector<caf::resumable*> take_of(const link* via, const wire_address& source);

  /// The same for those in whose mailbox an exit comes next.
  [[nodiscard]] std::vector<caf::resumable*> take_exiting();

  /// Takes off everything.
  [[nodiscard]] std::vector<caf::resumable*> take_all();

  /// Who has waited for `least_ns` for something that only the receiver can give.
  [[nodiscard]] std::vector<wait_edge> edges(uint64_t least_ns, uint64_t now_ns) const;

  [[nodiscard]] bool empty() const noexcept {
    return count_ == 0;
  }

private:
  struct entry {
    caf::resumable* job;
    room_wait what;
    uint64_t id;
    uint64_t since_ns;
    /// Whether a reference of the scheduler's is held besides the list's own, to run it.
    bool runnable;
  };

  using entries = std::list<entry>;

  template <class Predicate>
  std::vector<caf::resumable*> take_if(Predicate ready);

  mutable std::mutex mutex_;
  entries all_;
  boost::unordered_flat_map<caf::resumable*, entries::iterator> places_;
  std::atomic<size_t> count_ = 0;
  uint64_t last_id_ = 0;
};

} // namespace bulkhead::runtime
