// Catches a dead child that stays, and one that is taken from whoever waits for it.
#include <catch2/catch.hpp>

#include "bulkhead/platform/stray_children.hpp"

#include <cerrno>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace bulkhead::platform;
using namespace std::chrono_literals;

namespace {

pid_t child_that_ends() {
  auto pid = ::fork();
  if (pid == 0)
    ::_exit(0);
  return pid;
}

void wait_for_end(pid_t pid) {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0)
    REQUIRE(errno == EINTR);
}

bool is_child(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

} // namespace

TEST_CASE("children of this thread that nobody knows are reaped, and no others") {
  auto mine = child_that_ends();
  wait_for_end(mine);
  std::thread{[&] {
    CHECK_FALSE(reap_strays([](pid_t) { return false; })); // it has none
    auto stray = child_that_ends();
    auto runs = ::fork();
    if (runs == 0)
      for (;;)
        ::pause();
    wait_for_end(stray);
    CHECK(reap_strays([&](pid_t x) { return x == stray; }));
    CHECK(is_child(stray));
    CHECK_FALSE(reap_strays([](pid_t) { return false; }));
    CHECK_FALSE(is_child(stray));
    CHECK(is_child(runs));
    reap_all_children(1ms); // gives up
    CHECK(is_child(runs));
    ::kill(runs, SIGKILL);
    reap_all_children(30s);
    CHECK_FALSE(is_child(runs));
  }}.join();
  CHECK(is_child(mine));
  CHECK_FALSE(reap_strays([](pid_t) { return false; }));
  CHECK_FALSE(is_child(mine));
}
