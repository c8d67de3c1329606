#pragma once

#include <filesystem>
#include <string_view>
#include <system_error>

namespace thumbnails {

/// Writes a file whole or not at all, and makes the folders above it: another name in the same folder holds the content until the disk
/// has it. An earlier file of this name stays as it was when the new one cannot be written, and no part of the new one stays.
///
/// Thread safety: any number of threads and processes may write, also the same file; then one of them wins.
/// @returns the system's reason, such as a full disk, a quota, a limit on the size of files, or a folder of that name.
[[nodiscard]] std::error_code write_file(const std::filesystem::path& target, std::string_view content);

} // namespace thumbnails
