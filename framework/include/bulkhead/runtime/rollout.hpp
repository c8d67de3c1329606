#pragma once

#include "bulkhead/runtime/running_time.hpp"
#include "bulkhead/runtime/upgrade_options.hpp"
#include "bulkhead/runtime/worker_program.hpp"

#include <caf/error.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace bulkhead::runtime {

class keeper;
class supervised_slot;

/// Brings a new program to actors, one after the other: each when the one before has passed its probation. The first that fails ends
/// it, and all go back.
///
/// Thread safety: `start` from any thread, all else is of the keeper's. Lifetime: shared by the actors whose program it changes.
class rollout : public std::enable_shared_from_this<rollout> {
public:
  struct actors {
    std::vector<std::shared_ptr<supervised_slot>> slots;
    /// Others are about to come.
    bool more = false;
  };

  /// @param who who is there at the moment.
  /// @param done called once, on the keeper's thread, with the error of the first that failed when all others are back.
  rollout(keeper& where, upgrade_options what, std::function<actors()> who, std::function<void(caf::error)> done);

  void start();

private:
  enum class state : uint8_t {
    /// Between two programs.
    changing,
    /// The new program serves it.
    serves,
    /// It has the former one, or is gone.
    back,
  };

  struct entry {
    std::shared_ptr<supervised_slot> slot;
    worker_program former;
    state now = state::changing;
  };

  void advance();
  void begin(const std::shared_ptr<supervised_slot>& slot);
  void bring_back(size_t index);
  void wait(std::chrono::milliseconds time);
  void finish();

  keeper& keeper_;
  const upgrade_options what_;
  const std::function<actors()> who_;
  std::function<void(caf::error)> done_;
  std::optional<limit_timer> timer_;
  std::vector<entry> entries_;
  caf::error failed_;
};

} // namespace bulkhead::runtime
