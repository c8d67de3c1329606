// Catches a copy that gets wrong descriptors, a host that takes a foreign process for its worker, and one that waits for ever.
#include <catch2/catch.hpp>

#include "bulkhead/platform/pipe.hpp"
#include "bulkhead/platform/socket_pair.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/transport/copy_request.hpp"
#include "bulkhead/transport/handshake.hpp"

#include <cerrno>
#include <string_view>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace bulkhead;
using namespace bulkhead::transport;
using passed_fds = std::vector<platform::process_spec::passed_fd>;

namespace {

struct request_sockets {
  platform::socket_pair pair = platform::socket_pair::create().value();
  int host = pair.ours.get();
  int server = pair.theirs.get();
};

std::span<const std::byte> view(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}

pid_t child_that_waits() {
  auto pid = ::fork();
  if (pid == 0)
    for (;;)
      ::pause();
  return pid;
}

platform::unique_fd pidfd_of(pid_t pid) {
  return platform::unique_fd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
}

} // namespace

TEST_CASE_METHOD(request_sockets, "descriptors arrive with their numbers") {
  auto pipe = platform::pipe_pair::create().value();
  passed_fds passed{{pipe.read_end.get(), worker_fd::channel}, {pipe.write_end.get(), worker_fd::control}};
  REQUIRE(send_copy_request(host, passed).has_value());
  auto got = receive_copy_request(server);
  REQUIRE(got.has_value());
  REQUIRE(got->fds.size() == 2);
  CHECK(got->targets == std::vector<int>{worker_fd::channel, worker_fd::control});
  CHECK(got->find(worker_fd::control) == got->fds[1].get());
  CHECK(got->find(worker_fd::up_region) == -1);
  REQUIRE(::write(got->find(worker_fd::control), "x", 1) == 1);
  char x = 0;
  CHECK(::read(pipe.read_end.get(), &x, 1) == 1);
  pair.ours.reset();
  CHECK(receive_copy_request(server).error().number == ECONNRESET);
}

TEST_CASE_METHOD(request_sockets, "what is no request for a copy is refused") {
  for (auto& wrong : {passed_fds{{host, worker_fd::end}}, passed_fds{{host, -1}}, passed_fds{{host, 4}, {server, 4}}}) {
    REQUIRE(send_copy_request(host, wrong).has_value());
    CHECK(receive_copy_request(server).error().number == EPROTO);
  }
  REQUIRE(platform::send_packet(host, view("garbage")).has_value());
  CHECK(receive_copy_request(server).error().number == EPROTO);
  CHECK(send_copy_request(host, passed_fds(worker_fd::end + 1, {host, 4})).error().number == EINVAL);
}

TEST_CASE_METHOD(request_sockets, "a copy announces itself, and nobody else can") {
  REQUIRE(platform::tell_senders(host).has_value());
  CHECK(receive_copy(host).error().number == EAGAIN);
  auto child = ::fork();
  if (child == 0)
    ::_exit(announce_copy(server) ? 7 : 1);
  REQUIRE(platform::wait_readable(host, std::chrono::seconds{30}).value());
  auto copy = receive_copy(host);
  REQUIRE(copy.has_value());
  CHECK(copy->pid() == child);
  CHECK(copy->reap_within(std::chrono::seconds{30}) == platform::exit_status{platform::exit_status::kind::exited, 7});

  auto other = child_that_waits();
  auto foreign = pidfd_of(other);
  REQUIRE(foreign);
  auto announce = [&](int fd) {
    const int32_t no_error = 0;
    REQUIRE(platform::send_with_fds(server, std::as_bytes(std::span{&no_error, 1}), {&fd, 1}).has_value());
  };
  announce(foreign.get()); // a child, but not the one that speaks
  CHECK(receive_copy(host).error().number == ECHILD);
  announce(platform::own_pidfd().value().get()); // no child
  CHECK(receive_copy(host).error().number == ECHILD);
  announce(server); // no process
  CHECK_FALSE(receive_copy(host).has_value());
  ::kill(other, SIGKILL);
  CHECK(::waitpid(other, nullptr, 0) == other);
}

TEST_CASE_METHOD(request_sockets, "a host learns that there will be no copy, and why") {
  REQUIRE(platform::tell_senders(host).has_value());
  REQUIRE(announce_failure(server, {ENOMEM, "clone3"}).has_value());
  CHECK(receive_copy(host).error() == platform::os_error{ENOMEM, clone_call});
  REQUIRE(platform::send_packet(server, view("garbage")).has_value());
  CHECK(receive_copy(host).error().number == EMSGSIZE);
  REQUIRE(platform::send_packet(server, view("?")).has_value());
  CHECK(receive_copy(host).error().number == EPROTO);
  REQUIRE(platform::send_packet(server, view("1234"))); // an error without a name
  CHECK_FALSE(receive_copy(host).has_value());
  pair.theirs.reset();
  CHECK(receive_copy(host).error().number == ECONNRESET);
}
