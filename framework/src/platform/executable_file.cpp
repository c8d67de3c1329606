#include "bulkhead/platform/executable_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bulkhead::platform {

result<executable_file> executable_file::of(pid_t process) {
  auto link = "/proc/" + std::to_string(process) + "/exe";
  // O_PATH: a file that may only be executed can be held, too.
  auto fd = ::open(link.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0)
    return last_error("open");
  return executable_file{unique_fd{fd}};
}

bool executable_file::stands_at(const std::string& path) const {
  struct stat here {};
  struct stat there {};
  return ::fstat(fd_.get(), &here) == 0 && ::stat(path.c_str(), &there) == 0 && here.st_dev == there.st_dev
         && here.st_ino == there.st_ino;
}

// Not through /proc/self: a child closes what it was not given before it executes this.
std::string executable_file::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_.get());
}

} // namespace bulkhead::platform
