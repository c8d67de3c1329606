#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace thumbnails {

/// What a folder holds for a batch.
struct input_files {
  /// Something that may hold pictures and cannot be read, and the reason.
  struct unread {
    std::filesystem::path path;
    std::string why;
  };

  /// Sorted, relative to the folder.
  std::vector<std::filesystem::path> files;

  /// Folders whose content is not known, or only in part.
  std::vector<unread> folders;

  /// Links to folders, which are not followed because they may lead in a circle; pipes, sockets, devices and links to nothing.
  std::vector<unread> others;
};

/// Looks for files below `input`, at any depth. Has one folder open at a time.
/// @param output is left out; it may be a folder within.
[[nodiscard]] input_files find_input_files(const std::filesystem::path& input, const std::filesystem::path& output);

} // namespace thumbnails
