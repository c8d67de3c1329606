#include "socket_peer.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bench::os {

namespace {

using packet = std::array<std::byte, socket_peer::packet_bytes>;

bool send_one(int fd, const packet& what) {
  return ::write(fd, what.data(), what.size()) == static_cast<ssize_t>(what.size());
}

bool receive_one(int fd, packet& what) {
  return ::read(fd, what.data(), what.size()) == static_cast<ssize_t>(what.size());
}

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::_Exit(1);
}

/// A process that runs `serve` at the other end of `end`.
template <class F>
child serve_at(int& end, F serve) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    give_up("socketpair");
  auto pid = ::fork();
  if (pid < 0)
    give_up("fork");
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(ends[0]);
    serve(ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  end = ends[0];
  return child{pid};
}

} // namespace

socket_peer::socket_peer() {
  echoing_ = serve_at(echo_, [](int fd) {
    for (packet x; receive_one(fd, x) && send_one(fd, x);)
      continue;
  });
  flooding_ = serve_at(flood_, [](int fd) {
    for (packet x{}; send_one(fd, x);)
      continue;
  });
}

socket_peer::~socket_peer() {
  ::close(echo_);
  ::close(flood_);
}

void socket_peer::round_trip() {
  packet x{};
  if (!send_one(echo_, x) || !receive_one(echo_, x))
    give_up("a Unix socket");
}

void socket_peer::receive() {
  packet x;
  if (!receive_one(flood_, x))
    give_up("a Unix socket");
}

} // namespace bench::os
