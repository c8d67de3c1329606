#pragma once

#include "bulkhead/platform/os_error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bulkhead::platform {

/// A folder of reports for people and tools that look at them later: each file appears whole or not at all, and only the newest ones
/// are kept.
///
/// Thread safety: one thread at a time. Lifetime: a value; nothing stays open.
class report_folder {
public:
  /// @param path made when the first report is written, with the folders above it.
  /// @param prefix begins the names of the files; others in the folder are left alone.
  /// @param files_max at least 1.
  report_folder(std::string path, std::string prefix, size_t files_max);

  /// Writes a file whose name holds the time, in UTC, and `tag`.
  /// @param tag of letters, digits, dots and dashes.
  /// @returns the file's path, or the call that failed.
  [[nodiscard]] result<std::string> write(std::string_view tag, std::string_view suffix, std::string_view text);

private:
  void remove_oldest() const;

  std::string path_;
  std::string prefix_;
  size_t files_max_;
  uint64_t count_ = 0;
};

} // namespace bulkhead::platform
