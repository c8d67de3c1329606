#pragma once

#include <filesystem>
#include <string>

namespace thumbnails {

/// Where the thumbnail of a file stands below the output folder: beside it, were both folders one. Two files never share one. A name
/// that would be too long for the file system ends with a hash of the whole instead.
[[nodiscard]] std::string thumbnail_name(const std::filesystem::path& file);

} // namespace thumbnails
