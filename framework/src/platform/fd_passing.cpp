#include "bulkhead/platform/fd_passing.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bulkhead::platform {

namespace {

/// The room that unix(7) and cmsg(3) ask for.
struct control_buffer {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(fds_per_packet_max * sizeof(int)) + CMSG_SPACE(sizeof(ucred))> bytes;
};

// Takes ownership of what arrived, also of what the caller did not expect.
void take_extras(msghdr& message, packet_with_fds& out) {
  for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET)
      continue;
    if (part->cmsg_type == SCM_CREDENTIALS) {
      ucred sender{};
      std::memcpy(&sender, CMSG_DATA(part), sizeof(sender));
      out.sender = sender.pid;
    }
    if (part->cmsg_type != SCM_RIGHTS)
      continue;
    auto count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      out.fds.emplace_back(fd);
    }
  }
}

} // namespace

result<void> send_with_fds(int socket, std::span<const std::byte> packet, std::span<const int> fds) {
  if (packet.empty() || fds.size() > fds_per_packet_max)
    return os_error{EINVAL, "sendmsg"};
  iovec content{const_cast<std::byte*>(packet.data()), packet.size()};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  control_buffer control{};
  if (!fds.empty()) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    auto* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(part), fds.data(), fds.size_bytes());
  }
  while (::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    if (errno != EINTR)
      return last_error("sendmsg");
  return {};
}

result<packet_with_fds> receive_with_fds(int socket, std::span<std::byte> buffer) {
  iovec content{buffer.data(), buffer.size()};
  control_buffer control{};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  for (;;) {
    auto received = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC | MSG_TRUNC);
    if (received < 0 && errno == EINTR)
      continue;
    if (received < 0)
      return last_error("recvmsg");
    packet_with_fds result;
    take_extras(message, result);
    if (static_cast<size_t>(received) > buffer.size())
      return os_error{EMSGSIZE, "recvmsg"};
    result.bytes = static_cast<size_t>(received);
    return result;
  }
}

result<void> tell_senders(int socket) {
  const int on = 1;
  if (::setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
    return last_error("setsockopt SO_PASSCRED");
  return {};
}

result<unique_fd> duplicate(int fd) {
  unique_fd copy{::fcntl(fd, F_DUPFD_CLOEXEC, 0)};
  if (!copy)
    return last_error("fcntl F_DUPFD_CLOEXEC");
  return copy;
}

result<void> duplicate_as(int fd, int number) {
  if (::dup3(fd, number, number > STDERR_FILENO ? O_CLOEXEC : 0) < 0)
    return last_error("dup3");
  return {};
}

void close_on_exec(int fd) noexcept {
  if (auto flags = ::fcntl(fd, F_GETFD); flags >= 0)
    ::fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

} // namespace bulkhead::platform
