#pragma once

#include "bulkhead/runtime/export_table.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace bulkhead::runtime {

/// The receivers that are at their limits, and since when they have handled nothing.
///
/// Thread safety: all functions from any thread.
class crowded_receivers {
public:
  /// `target` is at its limits and has handled `handled` messages so far.
  void note(const wire_address& target, uint64_t handled, uint64_t now_ns);

  /// Nobody shall wait for `target` before it makes progress.
  void give_up(const wire_address& target);

  [[nodiscard]] bool given_up(const wire_address& target) const;

  [[nodiscard]] std::vector<wire_address> all() const;

  /// This process did not run for this time, so no receiver counts as slow for it.
  void forgive(uint64_t lost_ns);

  /// Looks at one receiver again. `crowded`: whether it still is.
  /// @returns true if it has become slow, that is, has handled nothing for `slow_after_ns`; once until it makes progress.
  [[nodiscard]] bool is_slow(const wire_address& target, uint64_t handled, bool crowded, uint64_t slow_after_ns,
                             uint64_t now_ns);

  [[nodiscard]] bool empty() const noexcept {
    return count_ == 0;
  }

private:
  struct state {
    uint64_t handled = 0;
    uint64_t since_ns = 0;
    bool given_up = false;
  };

  mutable std::mutex mutex_;
  boost::unordered_flat_map<wire_address, state, wire_address_hash> receivers_;
  std::atomic<size_t> count_ = 0;
};

} // namespace bulkhead::runtime
