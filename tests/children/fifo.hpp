#pragma once

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/// Waits until somebody writes into the named pipe at `path`, which stays open to all who wait for it later.
/// @returns false if that takes longer than a minute, or there is no such pipe.
inline bool wait_at(const std::string& path) {
  auto fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  pollfd watched{fd, POLLIN, 0};
  auto ready = -1;
  while (fd >= 0 && (ready = ::poll(&watched, 1, 60'000)) < 0 && errno == EINTR)
    continue;
  ::close(fd);
  return ready == 1;
}
