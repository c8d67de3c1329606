// A program that does not keep to the handshake. Its argument says how.

#include <bulkhead/bulkhead.hpp>
#include <bulkhead/transport/handshake.hpp>

#include <cstring>
#include <string>

#include <sys/socket.h>
#include <unistd.h>

using namespace bulkhead;

namespace {

void hang() {
  for (;;)
    ::pause();
}

void send(const std::string& packet) {
  (void) ::send(transport::worker_fd::control, packet.data(), packet.size(), MSG_NOSIGNAL);
}

} // namespace

int main(int argc, char** argv) {
  std::string habit = argc > 1 ? argv[1] : "";
  if (habit == "exits at once")
    return 7;
  auto host = transport::receive_hello(transport::worker_fd::control);
  if (!host)
    return 64;
  if (habit == "exits after the hello")
    return 5;
  if (habit == "answers with an unknown code")
    send("\xfe and more");
  if (habit == "answers with too much")
    send(std::string(60'000, '\0'));
  if (habit == "answers with nothing but noise")
    for (int i = 0; i < 100; ++i)
      send("\xff\x01\x02\x03");
  if (habit == "closes its socket")
    ::close(transport::worker_fd::control);
  if (habit == "refuses")
    (void) transport::send_verdict(transport::worker_fd::control, {errc::startup_failed, "not today"});
  if (habit == "is ready and deaf")
    (void) transport::send_verdict(transport::worker_fd::control, {});
  if (habit == "is ready and closes everything") {
    (void) transport::send_verdict(transport::worker_fd::control, {});
    for (int fd = 0; fd < 64; ++fd)
      ::close(fd);
  }
  hang();
}
