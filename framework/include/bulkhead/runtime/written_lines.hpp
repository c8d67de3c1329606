#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::runtime {

/// The last lines that a worker has written, for its certificate.
///
/// Thread safety: one thread at a time.
class written_lines {
public:
  struct line {
    uint64_t time_ns;
    bool is_error;
    std::string text;
  };

  /// @param text may be anything; what is not printable is replaced.
  void add(std::string_view text, bool is_error);

  /// Those that went to standard error: 20 of them and 4 KiB at most.
  [[nodiscard]] std::vector<std::string> errors() const;

  /// All, oldest first: 64 at most.
  [[nodiscard]] const std::deque<line>& all() const noexcept {
    return lines_;
  }

private:
  static constexpr size_t lines_max = 64;
  static constexpr size_t line_bytes_max = 512;
  static constexpr size_t errors_max = 20;
  static constexpr size_t error_bytes_max = 4096;

  std::deque<line> lines_;
  /// Apart, so that what goes to standard output does not push them out.
  std::deque<std::string> errors_;
  size_t error_bytes_ = 0;
};

} // namespace bulkhead::runtime
