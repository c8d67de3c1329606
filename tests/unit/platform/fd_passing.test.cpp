#include <catch2/catch.hpp>

#include "bulkhead/platform/fd_passing.hpp"
#include "bulkhead/platform/pipe.hpp"
#include "bulkhead/platform/socket_pair.hpp"

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace bulkhead::platform;

namespace {

std::span<const std::byte> view(const std::string& text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}

struct pair_fixture {
  socket_pair sockets = socket_pair::create().value();
  std::array<std::byte, 16> buffer{};
};

} // namespace

TEST_CASE_METHOD(pair_fixture, "a descriptor arrives with its packet and leads to the same file, closed on exec") {
  auto pipe = pipe_pair::create().value();
  auto writing = pipe.write_end.get();
  REQUIRE(send_with_fds(sockets.ours.get(), view("hello"), {&writing, 1}).has_value());
  pipe.write_end.reset();
  auto got = receive_with_fds(sockets.theirs.get(), buffer);
  REQUIRE(got.has_value());
  CHECK(got->bytes == 5);
  REQUIRE(got->fds.size() == 1);
  CHECK((::fcntl(got->fds[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
  REQUIRE(::write(got->fds[0].get(), "x", 1) == 1);
  char x = 0;
  REQUIRE(::read(pipe.read_end.get(), &x, 1) == 1);
  CHECK(x == 'x');
}

TEST_CASE_METHOD(pair_fixture, "packets keep their limits and their descriptors") {
  std::vector<int> many(fds_per_packet_max, sockets.ours.get());
  REQUIRE(send_with_fds(sockets.ours.get(), view("a"), {}).has_value());
  REQUIRE(send_with_fds(sockets.ours.get(), view("bc"), many).has_value());
  auto first = receive_with_fds(sockets.theirs.get(), buffer);
  REQUIRE(first.has_value());
  CHECK(first->bytes == 1);
  CHECK(first->fds.empty());
  auto second = receive_with_fds(sockets.theirs.get(), buffer);
  REQUIRE(second.has_value());
  CHECK(second->bytes == 2);
  CHECK(second->fds.size() == many.size());
  CHECK(receive_with_fds(sockets.theirs.get(), buffer).error().number == EAGAIN);
}

TEST_CASE_METHOD(pair_fixture, "bad arguments, a full socket and a closed one are errors") {
  std::vector<int> too_many(fds_per_packet_max + 1, sockets.ours.get());
  CHECK(send_with_fds(sockets.ours.get(), {}, {}).error().number == EINVAL);
  CHECK(send_with_fds(sockets.ours.get(), view("a"), too_many).error().number == EINVAL);
  auto closed = 1'000'000;
  CHECK(send_with_fds(sockets.ours.get(), view("a"), {&closed, 1}).error().number == EBADF);
  CHECK(duplicate(closed).error().number == EBADF);
  REQUIRE(send_with_fds(sockets.ours.get(), view(std::string(17, 'x')), {}).has_value());
  CHECK(receive_with_fds(sockets.theirs.get(), buffer).error().number == EMSGSIZE);
  auto sent = send_with_fds(sockets.ours.get(), view("a"), {});
  for (int i = 0; i < 100'000 && sent; ++i)
    sent = send_with_fds(sockets.ours.get(), view("a"), {});
  CHECK(sent.error().number == EAGAIN);
  sockets.theirs.reset(); // with unread packets in it
  CHECK(send_with_fds(sockets.ours.get(), view("a"), {}).error().number == ECONNRESET);
  CHECK(send_with_fds(sockets.ours.get(), view("a"), {}).error().number == EPIPE);
}

TEST_CASE_METHOD(pair_fixture, "the end of the peer reads as a packet of no bytes") {
  sockets.ours.reset();
  auto got = receive_with_fds(sockets.theirs.get(), buffer);
  REQUIRE(got.has_value());
  CHECK(got->bytes == 0);
}

TEST_CASE_METHOD(pair_fixture, "who has no descriptor left gets the packet with fewer of them") {
  std::vector<int> some(4, sockets.ours.get());
  REQUIRE(send_with_fds(sockets.ours.get(), view("a"), some).has_value());
  rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &old) == 0);
  unique_fd next{::dup(0)};
  auto few = old;
  few.rlim_cur = static_cast<rlim_t>(next.get()) + 2;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  auto got = receive_with_fds(sockets.theirs.get(), buffer);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &old) == 0);
  REQUIRE(got.has_value());
  CHECK(got->bytes == 1);
  CHECK(got->fds.size() < 4);
}

TEST_CASE_METHOD(pair_fixture, "a packet tells who has sent it, if that is wanted") {
  REQUIRE(send_with_fds(sockets.theirs.get(), view("who"), {}).has_value());
  CHECK_FALSE(receive_with_fds(sockets.ours.get(), buffer)->sender);
  REQUIRE(tell_senders(sockets.ours.get()).has_value());
  REQUIRE(send_with_fds(sockets.theirs.get(), view("who"), {}).has_value());
  CHECK(receive_with_fds(sockets.ours.get(), buffer)->sender == ::getpid());
  CHECK(tell_senders(-1).error().number == EBADF);
}

TEST_CASE_METHOD(pair_fixture, "a descriptor gets the number that it shall have") {
  auto number = duplicate(sockets.ours.get()).value();
  REQUIRE(duplicate_as(sockets.theirs.get(), number.get()).has_value());
  CHECK((::fcntl(number.get(), F_GETFD) & FD_CLOEXEC) != 0);
  REQUIRE(send_with_fds(number.get(), view("hello"), {}).has_value());
  CHECK(receive_with_fds(sockets.ours.get(), buffer)->bytes == 5);
  CHECK(duplicate_as(-1, number.get()).error().number == EBADF);
}

TEST_CASE_METHOD(pair_fixture,
                 "a standard stream stays open on exec, and any other descriptor does if it is not told to close") {
  auto standard_input = duplicate(0).value();
  REQUIRE(duplicate_as(sockets.theirs.get(), 0).has_value());
  CHECK((::fcntl(0, F_GETFD) & FD_CLOEXEC) == 0);
  close_on_exec(0);
  CHECK((::fcntl(0, F_GETFD) & FD_CLOEXEC) != 0);
  REQUIRE(duplicate_as(standard_input.get(), 0).has_value());
  close_on_exec(-1);
}
