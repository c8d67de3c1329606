#include "bulkhead/platform/socket_pair.hpp"

#include "bulkhead/platform/clock.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

namespace bulkhead::platform {

result<socket_pair> socket_pair::create() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return last_error("socketpair");
  socket_pair pair{unique_fd{ends[0]}, unique_fd{ends[1]}};
  if (::fcntl(pair.ours.get(), F_SETFL, O_RDWR | O_NONBLOCK) != 0)
    return last_error("fcntl F_SETFL");
  return pair;
}

result<void> send_packet(int fd, std::span<const std::byte> packet) {
  if (packet.empty())
    return os_error{EINVAL, "send"};
  while (::send(fd, packet.data(), packet.size(), MSG_NOSIGNAL) < 0)
    if (errno != EINTR)
      return last_error("send");
  return {};
}

result<size_t> receive_packet(int fd, std::span<std::byte> buffer) {
  for (;;) {
    auto received = ::recv(fd, buffer.data(), buffer.size(), MSG_TRUNC); // gives the real size even if it does not fit
    if (received < 0 && errno == EINTR)
      continue;
    if (received < 0)
      return last_error("recv");
    if (static_cast<size_t>(received) > buffer.size())
      return os_error{EMSGSIZE, "recv"};
    return static_cast<size_t>(received);
  }
}

result<bool> wait_readable(int fd, std::chrono::milliseconds max) {
  constexpr int64_t longest_ms = std::numeric_limits<int>::max();
  auto left_ms = std::clamp<int64_t>(max.count(), 0, longest_ms);
  const auto deadline_ms = static_cast<int64_t>(now_ns() / 1'000'000) + left_ms;
  for (;;) {
    pollfd waited{fd, POLLIN, 0};
    auto ready = ::poll(&waited, 1, static_cast<int>(left_ms));
    if (ready < 0 && errno != EINTR)
      return last_error("poll");
    if (ready > 0 && (waited.revents & POLLNVAL) != 0)
      return os_error{EBADF, "poll"};
    if (ready >= 0)
      return ready > 0;
    left_ms = std::clamp<int64_t>(deadline_ms - static_cast<int64_t>(now_ns() / 1'000'000), 0, longest_ms);
  }
}

} // namespace bulkhead::platform
