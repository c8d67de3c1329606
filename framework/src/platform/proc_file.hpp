#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::platform {

/// What a file of /proc held when it was opened, whose lines read "key  number kB".
class proc_file {
public:
  /// A file that cannot be read holds nothing.
  explicit proc_file(const char* path);

  /// The number behind `key` ("VmData:") in bytes; empty if there is no such line.
  [[nodiscard]] std::optional<uint64_t> bytes(std::string_view key) const;

private:
  /// Each line begins with its newline.
  std::string text_;
};

} // namespace bulkhead::platform
