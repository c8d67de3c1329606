// Catches output that blocks the one who forwards it, that is cut without notice, or that ends the process by SIGPIPE.
#include <catch2/catch.hpp>

#include "bulkhead/platform/pipe.hpp"
#include "bulkhead/platform/this_process.hpp"

#include "shell.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace bulkhead::platform;
using namespace bulkhead::platform::testing;

namespace {

const std::string megabyte(1 << 20, 'x');

std::string read_available(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  for (auto count = read_some(fd, buffer); count && *count > 0; count = read_some(fd, buffer))
    text.append(buffer.data(), *count);
  return text;
}

} // namespace

TEST_CASE("a pipe gives back what was written, then its end") {
  auto pipe = pipe_pair::create();
  REQUIRE(pipe.has_value());
  CHECK(write_if_ready(pipe->write_end.get(), "hello"));
  pipe->write_end.reset();
  CHECK(read_available(pipe->read_end.get()) == "hello");
  std::array<char, 8> buffer;
  CHECK(read_some(pipe->read_end.get(), buffer).value() == 0);
}

TEST_CASE("reading an empty pipe is EAGAIN") {
  auto pipe = pipe_pair::create();
  REQUIRE(pipe.has_value());
  std::array<char, 8> buffer;
  CHECK(read_some(pipe->read_end.get(), buffer).error() == os_error{EAGAIN, "read"});
}

TEST_CASE("only the read end is nonblocking, and both are closed on exec") {
  auto pipe = pipe_pair::create();
  REQUIRE(pipe.has_value());
  CHECK((::fcntl(pipe->read_end.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(pipe->write_end.get(), F_GETFL) & O_NONBLOCK) == 0);
  CHECK((::fcntl(pipe->read_end.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(pipe->write_end.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("more text than a pipe holds is cut, never waited for") {
  watchdog dog;
  auto pipe = pipe_pair::create();
  REQUIRE(pipe.has_value());
  CHECK_FALSE(write_if_ready(pipe->write_end.get(), megabyte));
  CHECK_FALSE(write_if_ready(pipe->write_end.get(), "more"));
  auto arrived = read_available(pipe->read_end.get());
  CHECK(arrived.size() >= 4096);
  CHECK(arrived == megabyte.substr(0, arrived.size()));
  CHECK(write_if_ready(pipe->write_end.get(), "room again"));
  CHECK(read_available(pipe->read_end.get()) == "room again");
}

TEST_CASE("writing if ready leaves the descriptor in blocking mode for its other users") {
  auto pipe = pipe_pair::create();
  REQUIRE(pipe.has_value());
  auto before = open_descriptors();
  CHECK(write_if_ready(pipe->write_end.get(), "x"));
  CHECK((::fcntl(pipe->write_end.get(), F_GETFL) & O_NONBLOCK) == 0);
  CHECK(open_descriptors() == before);
}

TEST_CASE("text for a pipe that nobody reads is dropped without a signal") {
  auto pipe = pipe_pair::create();
  REQUIRE(pipe.has_value());
  pipe->read_end.reset();
  CHECK_FALSE(write_if_ready(pipe->write_end.get(), "x"));
}

TEST_CASE("a terminal whose reader has stopped does not block the writer") {
  watchdog dog;
  unique_fd master{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  if (!master || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0) {
    WARN("this system has no pseudo terminals");
    return;
  }
  unique_fd terminal{::open(::ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC)};
  REQUIRE(terminal);
  CHECK(write_if_ready(terminal.get(), "hello"));
  CHECK_FALSE(write_if_ready(terminal.get(), std::string(1 << 20, '\n'))); // each takes the room of two bytes
}

TEST_CASE("a stream socket whose reader has stopped does not block the writer") {
  watchdog dog;
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  unique_fd reader{ends[0]}, writer{ends[1]};
  CHECK(write_if_ready(writer.get(), "hello"));
  CHECK_FALSE(write_if_ready(writer.get(), megabyte));
  reader.reset();
  CHECK_FALSE(write_if_ready(writer.get(), "x"));
}

TEST_CASE("text for a file goes on where the file's last user stopped") {
  unique_fd file{::memfd_create("log", MFD_CLOEXEC)};
  REQUIRE(::write(file.get(), "one ", 4) == 4);
  CHECK(write_if_ready(file.get(), "two"));
  std::array<char, 16> buffer{};
  REQUIRE(::pread(file.get(), buffer.data(), buffer.size(), 0) == 7);
  CHECK(std::string_view{buffer.data()} == "one two");
}

TEST_CASE("text for a descriptor that is not open is dropped") {
  CHECK_FALSE(write_if_ready(-1, "x"));
}
