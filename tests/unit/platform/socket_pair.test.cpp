// Catches packets that are torn, joined or cut without an error, a peer's end that goes unnoticed, and a SIGPIPE.
#include <catch2/catch.hpp>

#include "bulkhead/platform/socket_pair.hpp"
#include "bulkhead/platform/this_process.hpp"

#include "shell.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <pthread.h>

using namespace bulkhead::platform;
using namespace bulkhead::platform::testing;
using namespace std::chrono_literals;

namespace {

std::span<const std::byte> packet(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}

std::string receive(int fd) {
  std::array<std::byte, 64> buffer;
  auto size = receive_packet(fd, buffer);
  REQUIRE(size.has_value());
  return {reinterpret_cast<const char*>(buffer.data()), *size};
}

void ignore_signal(int) {}

} // namespace

TEST_CASE("packets arrive one by one, in order, in both directions") {
  auto sockets = socket_pair::create();
  REQUIRE(sockets.has_value());
  REQUIRE(send_packet(sockets->ours.get(), packet("one")).has_value());
  REQUIRE(send_packet(sockets->ours.get(), packet("two and more")).has_value());
  CHECK(receive(sockets->theirs.get()) == "one");
  CHECK(receive(sockets->theirs.get()) == "two and more");
  REQUIRE(send_packet(sockets->theirs.get(), packet("back")).has_value());
  CHECK(receive(sockets->ours.get()) == "back");
}

TEST_CASE("only our end is nonblocking, and both are closed on exec") {
  auto sockets = socket_pair::create();
  REQUIRE(sockets.has_value());
  CHECK((::fcntl(sockets->ours.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(sockets->theirs.get(), F_GETFL) & O_NONBLOCK) == 0);
  CHECK((::fcntl(sockets->ours.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(sockets->theirs.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("receiving when nothing was sent is EAGAIN at our end") {
  auto sockets = socket_pair::create();
  REQUIRE(sockets.has_value());
  std::array<std::byte, 8> buffer;
  CHECK(receive_packet(sockets->ours.get(), buffer).error() == os_error{EAGAIN, "recv"});
}

TEST_CASE("a packet longer than the buffer is an error and does not spill into the next one") {
  auto sockets = socket_pair::create();
  REQUIRE(sockets.has_value());
  REQUIRE(send_packet(sockets->theirs.get(), packet("123456789")).has_value());
  REQUIRE(send_packet(sockets->theirs.get(), packet("next")).has_value());
  std::array<std::byte, 8> buffer;
  CHECK(receive_packet(sockets->ours.get(), buffer).error() == os_error{EMSGSIZE, "recv"});
  CHECK(receive(sockets->ours.get()) == "next");
}

TEST_CASE("a peer that closed reads as an empty packet, after what it sent") {
  auto sockets = socket_pair::create();
  REQUIRE(sockets.has_value());
  REQUIRE(send_packet(sockets->theirs.get(), packet("last")).has_value());
  sockets->theirs.reset();
  CHECK(receive(sockets->ours.get()) == "last");
  CHECK(wait_readable(sockets->ours.get(), 0ms).value());
  CHECK(receive(sockets->ours.get()).empty());
}

TEST_CASE("sending to a peer that closed is an error and not a signal") {
  auto sockets = socket_pair::create();
  REQUIRE(sockets.has_value());
  sockets->theirs.reset();
  CHECK(send_packet(sockets->ours.get(), packet("x")).error() == os_error{EPIPE, "send"});
}

TEST_CASE("an empty packet is refused because it would read as the end") {
  auto sockets = socket_pair::create();
  REQUIRE(sockets.has_value());
  CHECK(send_packet(sockets->ours.get(), {}).error() == os_error{EINVAL, "send"});
}

TEST_CASE("a full socket is EAGAIN at our end") {
  watchdog dog;
  auto sockets = socket_pair::create();
  REQUIRE(sockets.has_value());
  result<void> sent;
  for (int i = 0; sent && i < 1'000'000; ++i)
    sent = send_packet(sockets->ours.get(), packet("fill"));
  CHECK(sent.error() == os_error{EAGAIN, "send"});
}

TEST_CASE("waiting for a packet goes on after a signal, and ends when one comes") {
  watchdog dog;
  struct sigaction before {
  }, handler{};
  handler.sa_handler = ignore_signal; // without SA_RESTART: the wait is interrupted
  REQUIRE(::sigaction(SIGUSR1, &handler, &before) == 0);
  auto sockets = socket_pair::create();
  REQUIRE(sockets.has_value());
  auto waiter = ::pthread_self();
  std::thread sender{[&] {
    for (int i = 0; i < 100; ++i) {
      ::pthread_kill(waiter, SIGUSR1);
      std::this_thread::yield();
    }
    (void) send_packet(sockets->theirs.get(), packet("x"));
  }};
  auto ready = wait_readable(sockets->ours.get(), patience);
  sender.join();
  ::sigaction(SIGUSR1, &before, nullptr);
  REQUIRE(ready.has_value());
  CHECK(*ready);
}

TEST_CASE("waiting for what does not come ends after its time") {
  auto sockets = socket_pair::create();
  REQUIRE(sockets.has_value());
  CHECK_FALSE(wait_readable(sockets->ours.get(), 1ms).value());
  CHECK_FALSE(wait_readable(sockets->ours.get(), -1s).value());
}

TEST_CASE("operations on a descriptor that is not open are errors") {
  std::array<std::byte, 8> buffer;
  auto before = open_descriptors();
  auto unused = unique_fd{::fcntl(0, F_DUPFD_CLOEXEC, 500)}.get(); // closed again at once
  CHECK(wait_readable(unused, 0ms).error() == os_error{EBADF, "poll"});
  CHECK(receive_packet(unused, buffer).error().number == EBADF);
  CHECK(send_packet(unused, packet("x")).error().number == EBADF);
  CHECK(open_descriptors() == before);
}
