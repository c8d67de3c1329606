#include "bulkhead/platform/pipe.hpp"

#include "write_signals.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bulkhead::platform {

namespace {

/// A pipe or terminal opened once more, nonblocking; nothing for anything else. Setting the flag on the descriptor itself
/// would set it for every process that shares it, such as the shell that this one was started from.
unique_fd nonblocking_twin(int fd) noexcept {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !(S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)))
    return {};
  char path[32];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return unique_fd{::open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
}

bool is_writable(int fd) noexcept {
  pollfd polled{fd, POLLOUT, 0};
  // An error means that there is no reader.
  return ::poll(&polled, 1, 0) == 1 && polled.revents == POLLOUT;
}

ssize_t write_piece(int fd, std::string_view piece) noexcept {
  auto sent = ::send(fd, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 && errno == ENOTSOCK ? ::write(fd, piece.data(), piece.size()) : sent;
}

} // namespace

result<pipe_pair> pipe_pair::create() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return last_error("pipe2");
  pipe_pair pair{unique_fd{ends[0]}, unique_fd{ends[1]}};
  if (::fcntl(pair.read_end.get(), F_SETFL, O_RDONLY | O_NONBLOCK) != 0)
    return last_error("fcntl F_SETFL");
  return pair;
}

result<size_t> read_some(int fd, std::span<char> buffer) {
  for (;;) {
    auto count = ::read(fd, buffer.data(), buffer.size());
    if (count >= 0)
      return static_cast<size_t>(count);
    if (errno != EINTR)
      return last_error("read");
  }
}

bool write_if_ready(int fd, std::string_view text) noexcept {
  write_signals_held guard;
  auto twin = nonblocking_twin(fd);
  auto target = twin ? twin.get() : fd;
  while (!text.empty()) {
    // A pipe that polls as writable takes PIPE_BUF bytes at once: that keeps one without a twin from blocking, too.
    if (!is_writable(target))
      return false;
    auto written = write_piece(target, text.substr(0, PIPE_BUF));
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

} // namespace bulkhead::platform
