// Catches a child that outlives its owner, a status that is lost or wrong, a zombie, and a handle that hits another process.
#include <catch2/catch.hpp>

#include "bulkhead/platform/process.hpp"
#include "bulkhead/platform/this_process.hpp"

#include "shell.hpp"

#include <cerrno>
#include <csignal>
#include <thread>

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace bulkhead::platform;
using namespace bulkhead::platform::testing;
using namespace std::chrono_literals;
using kind = exit_status::kind;

namespace {

/// Runs until it is killed, without a child of its own.
process_spec endless() {
  auto spec = shell("exec sleep 1000");
  spec.environment = environment();
  return spec;
}

/// Whether the system still has an entry for a child of that number, running or not.
bool is_child(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/// The program's own SIGCHLD disposition for the time of a test.
class child_signal_ignored {
public:
  child_signal_ignored() : before_{::signal(SIGCHLD, SIG_IGN)} {}
  child_signal_ignored(const child_signal_ignored&) = delete;
  child_signal_ignored& operator=(const child_signal_ignored&) = delete;
  ~child_signal_ignored() {
    ::signal(SIGCHLD, before_);
  }

private:
  void (*before_)(int);
};

} // namespace

TEST_CASE("the exit code of a process is reported, again and again") {
  auto child = process::start(shell("exit 3"));
  REQUIRE(child.has_value());
  CHECK(child->reap_within(patience) == exit_status{kind::exited, 3});
  CHECK(child->try_reap() == exit_status{kind::exited, 3});
  CHECK_FALSE(is_child(child->pid()));
}

TEST_CASE("the signal that ended a process is reported") {
  auto child = process::start(shell("kill -SEGV $$"));
  REQUIRE(child.has_value());
  CHECK(child->reap_within(patience) == exit_status{kind::signaled, SIGSEGV});
}

TEST_CASE("a process that runs has no status, and its descriptor becomes readable when it ends") {
  auto child = process::start(endless());
  REQUIRE(child.has_value());
  CHECK(child->pid() > 0);
  CHECK_FALSE(child->try_reap());
  CHECK_FALSE(wait_readable(child->pidfd(), 0ms).value());
  child->kill(SIGTERM);
  CHECK(wait_readable(child->pidfd(), patience).value());
  CHECK(child->try_reap() == exit_status{kind::signaled, SIGTERM});
}

TEST_CASE("what a process has used is known after its end") {
  auto child = process::start(shell("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"));
  REQUIRE(child.has_value());
  CHECK(child->used().user_time == 0us);
  REQUIRE(child->reap_within(patience));
  CHECK(child->used().user_time > 0us);
  CHECK(child->used().user_time < 100s);
  CHECK_FALSE(child->dumped_core());
  auto moved = std::move(*child);
  CHECK(moved.used().user_time > 0us);
}

TEST_CASE("a process that does not end in time has no status") {
  auto child = process::start(endless());
  REQUIRE(child.has_value());
  CHECK_FALSE(child->reap_within(1ms));
}

TEST_CASE("a signal for a process that was reaped goes nowhere") {
  auto child = process::start(shell("exit 0"));
  REQUIRE(child.has_value());
  REQUIRE(child->reap_within(patience));
  child->kill(SIGKILL);
  CHECK(child->try_reap() == exit_status{kind::exited, 0});
}

TEST_CASE("a signal reaches the thread with a name, and nobody if there is none") {
  auto sleeper = process::start(shell("exec sleep 1000"));
  REQUIRE(sleeper.has_value());
  CHECK_FALSE(sleeper->signal_thread(SIGTERM, "no such thread"));
  watchdog dog;
  while (!sleeper->signal_thread(SIGTERM, "sleep")) // called so once the shell has made room for it
    continue;
  CHECK(sleeper->reap_within(patience) == exit_status{kind::signaled, SIGTERM});
  CHECK_FALSE(sleeper->signal_thread(SIGTERM, "sleep"));
}

TEST_CASE("destroying a process kills it and leaves no zombie") {
  watchdog dog;
  pid_t pid = -1;
  {
    auto child = process::start(endless());
    REQUIRE(child.has_value());
    pid = child->pid();
    CHECK(is_child(pid));
  }
  CHECK_FALSE(is_child(pid));
}

TEST_CASE("a process that is assigned to is killed, and the moved one lives on") {
  watchdog dog;
  auto first = process::start(endless());
  auto second = process::start(endless());
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  auto old_pid = first->pid();
  auto kept_pid = second->pid();
  *first = std::move(*second);
  CHECK_FALSE(is_child(old_pid));
  CHECK(first->pid() == kept_pid);
  CHECK_FALSE(first->try_reap());
  process moved{std::move(*first)};
  moved.kill(SIGKILL);
  CHECK(moved.reap_within(patience) == exit_status{kind::signaled, SIGKILL});
}

TEST_CASE("a process ends with the thread that started it") {
  std::optional<result<process>> child;
  std::thread{[&] { child = process::start(endless()); }}.join();
  REQUIRE(child->has_value());
  CHECK((*child)->reap_within(patience) == exit_status{kind::signaled, SIGKILL});
}

TEST_CASE("a process ends with the process that started it") {
  auto alive = pipe_pair::create();
  REQUIRE(alive.has_value());
  auto starter = ::fork();
  REQUIRE(starter >= 0);
  if (starter == 0) {
    auto spec = endless();
    spec.passed = {{alive->write_end.get(), 3}};
    auto grandchild = process::start(spec);
    ::_exit(grandchild && !grandchild->try_reap() ? 0 : 1); // without the destructor
  }
  alive->write_end.reset();
  int status = -1;
  REQUIRE(::waitpid(starter, &status, 0) == starter);
  CHECK(status == 0);
  CHECK(read_all(alive->read_end.get()).empty()); // the end comes when the grandchild's descriptor 3 is closed
}

TEST_CASE("a status that the program lets nobody have is reported as unknown") {
  watchdog dog;
  child_signal_ignored nobody_waits;
  auto child = process::start(shell("exit 3"));
  REQUIRE(child.has_value());
  CHECK(child->reap_within(patience) == exit_status{kind::unknown, 0});
}

TEST_CASE("processes can be started from several threads at a time") {
  watchdog dog;
  auto before = open_descriptors();
  auto start_many = [](int code, bool& all_right) {
    for (int i = 0; i < 20; ++i) {
      auto child = process::start(shell("exit " + std::to_string(code)));
      all_right = all_right && child && child->reap_within(patience) == exit_status{kind::exited, code};
    }
  };
  bool first_right = true, second_right = true;
  std::thread first{start_many, 1, std::ref(first_right)};
  std::thread second{start_many, 2, std::ref(second_right)};
  first.join();
  second.join();
  CHECK(first_right);
  CHECK(second_right);
  CHECK(open_descriptors() == before);
}

TEST_CASE("a child that something else has started is taken over, and nothing that is no child") {
  auto pid = ::fork();
  if (pid == 0)
    for (;;)
      ::pause();
  auto pidfd_of = [](pid_t who) { return unique_fd{static_cast<int>(::syscall(SYS_pidfd_open, who, 0))}; };
  CHECK(process::adopt(pidfd_of(pid), pid + 1).error().number == ECHILD);
  CHECK(process::adopt(pidfd_of(::getpid()), ::getpid()).error().number == ECHILD);
  CHECK(process::adopt(unique_fd{::dup(2)}, pid).error().number == EBADF);
  {
    auto child = process::adopt(pidfd_of(pid), pid);
    REQUIRE(child.has_value());
    CHECK(child->pid() == pid);
    CHECK_FALSE(child->try_reap());
  }
  CHECK_FALSE(is_child(pid));
}

TEST_CASE("a process is reaped although its descriptor was made nonblocking") {
  pid_t pid = 0;
  {
    auto child = process::start(endless());
    REQUIRE(child.has_value());
    pid = child->pid();
    REQUIRE(::fcntl(child->pidfd(), F_SETFL, O_RDWR | O_NONBLOCK) == 0);
    CHECK_FALSE(child->try_reap());
  }
  CHECK_FALSE(is_child(pid));
}
