#pragma once

#include "bulkhead/runtime/pending_table.hpp"
#include "bulkhead/runtime/wait_graph.hpp"

#include <caf/resumable.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace bulkhead::runtime {

class link;

/// The actors of this process that await the response to a request of theirs, and handle nothing before. Only an actor itself knows
/// whether it awaits a response, and only in its turn; so those whose requests are open for long are asked for it.
///
/// Thread safety: all functions from any thread.
class request_waits {
public:
  struct wait {
    uint64_t id = 0;
    std::shared_ptr<link> via;
    pending_table::entry request;
    /// Whether the actor has said so since it was asked.
    bool confirmed = false;
  };

  /// `what` is open for long. Returns whether its requester is to be given a turn.
  [[nodiscard]] bool suspect(std::shared_ptr<link> via, pending_table::entry what);

  /// Whether `look_at` has to be called for each actor that gets a turn.
  [[nodiscard]] bool asks() const noexcept {
    return asked_ > 0;
  }

  /// The actor says whether it awaits what it is suspected to. Called by whoever has its turn.
  void look_at(caf::resumable& job);

  /// Asks all once more. The caller gives a turn to each.
  [[nodiscard]] std::vector<caf::strong_actor_ptr> ask_again();

  /// Who awaits something for certain.
  [[nodiscard]] std::vector<wait_edge> edges();

  /// Whether `id` is one of these waits, and not one for room.
  [[nodiscard]] static bool is_one(uint64_t id) noexcept {
    return (id & first_id) != 0;
  }

  /// Takes off one wait.
  [[nodiscard]] std::optional<wait> take(uint64_t id);

private:
  static constexpr uint64_t first_id = uint64_t{1} << 63;

  void forget_answered();

  std::mutex mutex_;
  std::unordered_multimap<caf::resumable*, wait> all_;
  std::atomic<size_t> asked_ = 0;
  uint64_t last_id_ = first_id;
};

} // namespace bulkhead::runtime
