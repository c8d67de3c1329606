#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::runtime {

/// Keeps the lines of a worker from filling the host's log, and from doing something to whoever reads it: they become printable, and what
/// exceeds the limits is counted instead.
///
/// Thread safety: one thread at a time. Lifetime: for one process.
class line_limit {
public:
  /// A longer line is cut.
  static constexpr size_t line_bytes_max = 4096;
  /// What may come at a time, after a pause.
  static constexpr uint64_t lines_at_once = 10'000;
  static constexpr uint64_t bytes_at_once = uint64_t{16} << 20;
  /// What may come all the time.
  static constexpr uint64_t lines_per_second = 1'000;
  static constexpr uint64_t bytes_per_second = uint64_t{1} << 20;

  /// @returns what is to be written: nothing, the line, or a line about those that were dropped and then this one.
  [[nodiscard]] std::vector<std::string> pass(std::string_view line, uint64_t now_ns);

  /// After the last line.
  /// @returns a line about those that were dropped and not told yet, if there are any.
  [[nodiscard]] std::optional<std::string> rest();

private:
  void refill(uint64_t now_ns);

  uint64_t lines_left_ = lines_at_once;
  uint64_t bytes_left_ = bytes_at_once;
  /// Until then they have been refilled.
  uint64_t refilled_ns_ = 0;
  uint64_t dropped_lines_ = 0;
  uint64_t dropped_bytes_ = 0;
};

} // namespace bulkhead::runtime
