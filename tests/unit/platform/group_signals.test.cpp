// Catches a process that a signal to its whole group ends, that hands its own settings to the programs that it executes, or that its
// parent cannot end.
#include <catch2/catch.hpp>

#include "bulkhead/platform/group_signals.hpp"

#include "shell.hpp"

#include <csignal>
#include <functional>
#include <string>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace bulkhead::platform;
using namespace bulkhead::platform::testing;
using kind = exit_status::kind;

namespace {

constexpr int group_signal_numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

/// The test runner has handlers of its own.
void drop_handlers() {
  for (auto number : group_signal_numbers)
    ::signal(number, SIG_DFL);
}

/// A copy of this process that has done `what`, has said so, and waits.
struct waiting_child {
  explicit waiting_child(const std::function<void()>& what) {
    auto pipe = pipe_pair::create().value();
    auto pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      drop_handlers();
      what();
      (void) !::write(pipe.write_end.get(), "x", 1);
      for (;;)
        ::pause();
    }
    pipe.write_end.reset();
    REQUIRE(wait_readable(pipe.read_end.get(), patience).value());
    unique_fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    REQUIRE(pidfd);
    process.emplace(process::adopt(std::move(pidfd), pid).value());
  }

  std::optional<bulkhead::platform::process> process;
};

/// The exit status of a copy of this process that has done `what`.
int status_after(const std::function<int()>& what) {
  auto pid = ::fork();
  if (pid == 0) {
    drop_handlers();
    ::_exit(what());
  }
  int status = -1;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

TEST_CASE("each signal that goes to a whole group would end a process, and does not end one that survives them") {
  for (auto number : group_signal_numbers) {
    INFO("signal " << number);
    CHECK((group_signals() >> (number - 1) & 1) == 1);
    auto raised = [&] {
      ::raise(number);
      return 3;
    };
    CHECK(status_after(raised) == 128 + number);
    CHECK(status_after([&] {
            survive_group_signals(0);
            return raised();
          })
          == 3);
  }
}

TEST_CASE("a process that survives SIGTERM from anybody dies of the one by which its parent orders its end") {
  watchdog dog;
  waiting_child child{[] { survive_group_signals(0); }};
  for (auto number : group_signal_numbers)
    CHECK(child.process->kill(number));
  while (child.process->is_pending(SIGTERM))
    continue; // the watchdog bounds it
  CHECK(child.process->order_end());
  CHECK(child.process->reap_within(patience) == exit_status{kind::signaled, SIGTERM});
  CHECK(child.process->order_end()); // nothing is left to end
}

TEST_CASE("an order to end reaches a process that takes no care of it as SIGTERM") {
  watchdog dog;
  waiting_child child{[] {}};
  CHECK(child.process->order_end());
  CHECK(child.process->reap_within(patience) == exit_status{kind::signaled, SIGTERM});
}

TEST_CASE("a signal that a process blocks is pending there until it ends") {
  watchdog dog;
  waiting_child child{[] {
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
  }};
  CHECK_FALSE(child.process->is_pending(SIGTERM));
  CHECK(child.process->kill(SIGTERM));
  CHECK(child.process->is_pending(SIGTERM));
  CHECK_FALSE(child.process->is_pending(SIGINT));
  CHECK(child.process->kill(SIGKILL));
  CHECK(child.process->reap_within(patience));
  CHECK_FALSE(child.process->is_pending(SIGTERM));
}

TEST_CASE("handlers that a process has stay, and so does what it ignores") {
  CHECK(status_after([] {
          ::signal(SIGTERM, [](int) { ::_exit(7); });
          survive_group_signals(0);
          ::raise(SIGTERM);
          return 0;
        })
        == 7);
  CHECK(status_after([] {
          ::signal(SIGHUP, SIG_IGN);
          survive_group_signals(0);
          return ::signal(SIGHUP, SIG_DFL) == SIG_IGN ? 7 : 0;
        })
        == 7);
}

TEST_CASE("signals that came while they were blocked end nothing either, and others may stay blocked") {
  CHECK(status_after([] {
          sigset_t all;
          sigfillset(&all);
          ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
          for (auto number : group_signal_numbers)
            ::raise(number);
          survive_group_signals(signal_set{1} << (SIGINT - 1));
          auto kept = blocked_signals() == signal_set{1} << (SIGINT - 1);
          accept_group_signals();
          return kept && blocked_signals() == 0 ? 7 : 0;
        })
        == 7);
}

TEST_CASE("a program that such a process executes has the default action for all of them") {
  auto pipe = pipe_pair::create().value();
  auto pid = ::fork();
  if (pid == 0) {
    drop_handlers();
    survive_group_signals(0);
    ::dup2(pipe.write_end.get(), 1);
    ::execl("/bin/cat", "cat", "/proc/self/status", nullptr);
    ::_exit(127);
  }
  pipe.write_end.reset();
  auto output = read_all(pipe.read_end.get());
  REQUIRE(::waitpid(pid, nullptr, 0) == pid);
  for (const char* set : {"SigBlk", "SigIgn", "SigCgt"})
    CHECK(output.find(std::string{set} + ":\t0000000000000000\n") != std::string::npos);
}
