// Catches a ring that is lost, one that is still there after it was drained, and a descriptor that blocks or leaks.
#include <catch2/catch.hpp>

#include "bulkhead/platform/event_fd.hpp"
#include "bulkhead/platform/socket_pair.hpp"
#include "bulkhead/platform/this_process.hpp"

#include "shell.hpp"

#include <cerrno>
#include <cstdint>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace bulkhead::platform;
using namespace bulkhead::platform::testing;
using namespace std::chrono_literals;

TEST_CASE("an eventfd is readable from the first ring until it is drained") {
  auto bell = event_fd::create();
  REQUIRE(bell.has_value());
  CHECK_FALSE(wait_readable(bell->fd(), 0ms).value());
  bell->ring();
  bell->ring();
  CHECK(wait_readable(bell->fd(), 0ms).value());
  bell->drain();
  CHECK_FALSE(wait_readable(bell->fd(), 0ms).value());
}

TEST_CASE("draining an eventfd that was not rung does not block") {
  watchdog dog;
  auto bell = event_fd::create();
  REQUIRE(bell.has_value());
  bell->drain();
  CHECK_FALSE(wait_readable(bell->fd(), 0ms).value());
}

TEST_CASE("ringing an eventfd whose counter a peer has filled does not block") {
  watchdog dog;
  auto bell = event_fd::create();
  REQUIRE(bell.has_value());
  const uint64_t full = UINT64_MAX - 1;
  REQUIRE(::write(bell->fd(), &full, sizeof full) == sizeof full);
  bell->ring();
  CHECK(wait_readable(bell->fd(), 0ms).value());
}

TEST_CASE("a ring wakes a thread that waits") {
  auto bell = event_fd::create();
  REQUIRE(bell.has_value());
  std::thread ringer{[&] { bell->ring(); }};
  auto woken = wait_readable(bell->fd(), patience);
  ringer.join();
  CHECK(woken.value());
}

TEST_CASE("an adopted eventfd hears the rings of the original") {
  auto bell = event_fd::create();
  REQUIRE(bell.has_value());
  auto adopted = event_fd::adopt(unique_fd{::fcntl(bell->fd(), F_DUPFD_CLOEXEC, 0)});
  bell->ring();
  CHECK(wait_readable(adopted.fd(), 0ms).value());
  adopted.drain();
  CHECK_FALSE(wait_readable(bell->fd(), 0ms).value());
}

TEST_CASE("an eventfd is closed on exec and with its owner") {
  auto before = open_descriptors();
  {
    auto bell = event_fd::create();
    REQUIRE(bell.has_value());
    CHECK((::fcntl(bell->fd(), F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("an eventfd that no descriptor is left for is an error") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{0, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  auto bell = event_fd::create();
  auto sockets = socket_pair::create();
  auto pipe = pipe_pair::create();
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(bell.error() == os_error{EMFILE, "eventfd"});
  CHECK(sockets.error() == os_error{EMFILE, "socketpair"});
  CHECK(pipe.error() == os_error{EMFILE, "pipe2"});
}
