#pragma once

#include "support/holdings.hpp"

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <vector>

namespace soak {

/// What the host had, again and again.
class curve {
public:
  struct sample {
    double seconds;
    test_support::holdings held;
    uint64_t messages;
    uint64_t kills;
    /// Nothing was under way, and all services were there.
    bool quiet;
  };

  void add(uint64_t messages, uint64_t kills, bool quiet);

  /// Whether the host had no more in quiet moments of the last third than in those of the second one. True of fewer than six.
  [[nodiscard]] bool level() const;

  /// One line per sample, for a plot.
  void write(std::ostream& out) const;

  /// The quiet moments.
  void print(std::ostream& out) const;

private:
  [[nodiscard]] std::vector<sample> quiet_ones() const;

  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::vector<sample> all_;
};

} // namespace soak
