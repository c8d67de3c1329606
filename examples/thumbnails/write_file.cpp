#include "write_file.hpp"

#include <bulkhead/platform/unique_fd.hpp>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace thumbnails {

namespace {

constexpr mode_t as_umask_says = 0666;

std::error_code write_error() {
  return {errno, std::system_category()};
}

// Short, so that it fits wherever the name of the target does.
std::filesystem::path unfinished_beside(const std::filesystem::path& target) {
  static std::atomic<unsigned> count = 0;
  return target.parent_path() / (".thumbnails-" + std::to_string(::getpid()) + "-" + std::to_string(++count) + ".part");
}

std::error_code write_all(int file, std::string_view content) {
  while (!content.empty()) {
    auto written = ::write(file, content.data(), content.size());
    if (written < 0 && errno != EINTR)
      return write_error();
    if (written > 0)
      content.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

// Without fsync a crash of the machine could leave the new name with nothing in it; file systems on a network report a full disk there.
std::error_code fill(const std::filesystem::path& path, std::string_view content) {
  bulkhead::platform::unique_fd file{
    ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, as_umask_says)};
  if (!file)
    return write_error();
  if (auto failed = write_all(file.get(), content))
    return failed;
  // EINVAL, EROFS: a file system that cannot do it.
  if (::fsync(file.get()) != 0 && errno != EINVAL && errno != EROFS)
    return write_error();
  return ::close(file.release()) != 0 && errno != EINTR ? write_error() : std::error_code{};
}

} // namespace

std::error_code write_file(const std::filesystem::path& target, std::string_view content) {
  std::error_code failed;
  if (target.has_parent_path())
    std::filesystem::create_directories(target.parent_path(), failed);
  if (failed)
    return failed;
  auto unfinished = unfinished_beside(target);
  failed = fill(unfinished, content);
  if (!failed)
    std::filesystem::rename(unfinished, target, failed);
  if (failed && failed != std::errc::file_exists)
    ::unlink(unfinished.c_str());
  return failed;
}

} // namespace thumbnails
