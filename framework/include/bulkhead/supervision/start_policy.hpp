#pragma once

#include "bulkhead/supervision/restart_policy.hpp"

#include <cstdint>

namespace bulkhead::supervision {

/// When workers are started again after starts that failed, and when those that wait for one are told. It never gives up for good: what
/// keeps a worker from starting may be gone a moment later.
///
///   starts succeed --failure--> failing --attempts_max failures, or time_max--> down
///         ^-----------success------+-------------------success------------------+
///
/// Thread safety: none.
class start_policy {
public:
  /// Failures in a row.
  static constexpr uint32_t attempts_max = 6;

  /// From the first failure, once a few have followed.
  static constexpr std::chrono::seconds time_max{10};

  static constexpr std::chrono::milliseconds pause_min{50};
  static constexpr std::chrono::milliseconds pause_max{1'000};

  /// A start that began at `began` has failed. One of several that were under way at once counts for all.
  void failed(time_point began, time_point now) noexcept;

  void succeeded() noexcept;

  [[nodiscard]] bool failing() const noexcept {
    return failures_ > 0;
  }

  /// Whoever waits for a worker waits in vain: until a start succeeds, one more failure is enough to say so again.
  [[nodiscard]] bool down() const noexcept {
    return down_;
  }

  [[nodiscard]] uint32_t failures() const noexcept {
    return failures_;
  }

  /// The next start comes no sooner.
  [[nodiscard]] time_point next_start() const noexcept {
    return next_start_;
  }

private:
  uint32_t failures_ = 0;
  bool down_ = false;
  time_point first_failure_;
  time_point last_failure_;
  time_point next_start_;
};

} // namespace bulkhead::supervision
