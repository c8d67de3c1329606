#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::platform {

/// The number behind `key` ("VmData:") in a file of /proc whose lines read "key  number kB", in bytes.
/// @returns empty if there is no such file or line.
[[nodiscard]] std::optional<uint64_t> proc_bytes(const char* path, std::string_view key);

} // namespace bulkhead::platform
