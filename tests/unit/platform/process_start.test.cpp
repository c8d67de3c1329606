// Catches a child that inherits what it should not, gets the wrong descriptors when numbers overlap, or whose failure to
// start is lost, blamed on the wrong call, or leaves a zombie or a descriptor behind.
#include <catch2/catch.hpp>

#include "bulkhead/platform/process.hpp"
#include "bulkhead/platform/this_process.hpp"

#include "shell.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace bulkhead::platform;
using namespace bulkhead::platform::testing;
using kind = exit_status::kind;

namespace {

os_error start_error(process_spec spec) {
  auto child = process::start(spec);
  REQUIRE(child.has_error());
  return child.error();
}

std::string output_of(process_spec spec) {
  auto outcome = run(std::move(spec));
  REQUIRE(outcome.has_value());
  CHECK(outcome->status == exit_status{kind::exited, 0});
  return outcome->output;
}

process_spec named(std::string program) {
  process_spec spec;
  spec.program = std::move(program);
  spec.arguments = {"test"};
  return spec;
}

/// A pipe with one word in it; its read end is at `number`.
unique_fd pipe_with(std::string_view word, int number) {
  auto pipe = pipe_pair::create();
  REQUIRE(pipe.has_value());
  REQUIRE(::fcntl(pipe->read_end.get(), F_SETFL, 0) == 0);
  REQUIRE(write_if_ready(pipe->write_end.get(), word));
  unique_fd placed{::fcntl(pipe->read_end.get(), F_DUPFD_CLOEXEC, number)};
  REQUIRE(placed.get() == number);
  return placed;
}

/// A value of PATH for the time of a test.
class path_variable {
public:
  explicit path_variable(const char* value) : before_{std::getenv("PATH")} {
    ::setenv("PATH", value, 1);
  }
  path_variable(const path_variable&) = delete;
  path_variable& operator=(const path_variable&) = delete;
  ~path_variable() {
    ::setenv("PATH", before_.c_str(), 1);
  }

private:
  std::string before_;
};

std::atomic<pid_t> expected_pid{0};
std::atomic<bool> ran_elsewhere{false};

signal_set bit(int signal) {
  return signal_set{1} << (signal - 1);
}

/// What the line of /proc/PID/status with this name says.
std::optional<signal_set> signals_in(const std::string& status, const std::string& name) {
  auto at = status.find(name + ":\t");
  if (at == std::string::npos)
    return std::nullopt;
  return std::stoull(status.substr(at + name.size() + 2), nullptr, 16);
}

const char* const print_open_descriptors =
  "i=0; while [ $i -lt 300 ]; do [ -e /proc/$$/fd/$i ] && echo $i; i=$((i+1)); done; true";

} // namespace

TEST_CASE("a program gets exactly the arguments and the environment that were given") {
  auto spec = shell("echo \"$0|$1|$2|$BULKHEAD_TEST|${HOME:-no home}\"");
  spec.arguments.insert(spec.arguments.end(), {"zero", "", "two words"});
  spec.environment = {"BULKHEAD_TEST=a b"};
  CHECK(output_of(spec) == "zero||two words|a b|no home\n");
}

TEST_CASE("a program starts in the directory that was given, or else in ours") {
  auto elsewhere = shell("pwd");
  elsewhere.working_directory = "/usr";
  CHECK(output_of(elsewhere) == "/usr\n");
  char ours[4096];
  REQUIRE(::getcwd(ours, sizeof ours) != nullptr);
  CHECK(output_of(shell("pwd -P")) == std::string{ours} + "\n");
}

TEST_CASE("a relative program is looked for in its working directory") {
  auto spec = shell("echo here");
  spec.program = "./sh";
  spec.working_directory = "/bin";
  CHECK(output_of(spec) == "here\n");
}

TEST_CASE("this program can be started again by its path") {
  auto spec = named(program_path());
  spec.arguments.push_back("--help");
  spec.environment = environment();
  CHECK_FALSE(output_of(spec).empty());
}

TEST_CASE("a program without a slash is looked for along PATH") {
  path_variable path{"/nonexistent:/dev/null:/bin"};
  auto spec = shell("echo found");
  spec.program = "sh";
  CHECK(output_of(spec) == "found\n");
}

TEST_CASE("a program that PATH does not lead to is missing") {
  path_variable path{"/nonexistent::/bin:"};
  CHECK(start_error(named("bulkhead-no-such-program")) == os_error{ENOENT, "execve"});
}

TEST_CASE("a file that may not be executed is reported only if PATH leads to no other") {
  char folder[] = "/tmp/bulkhead-test-XXXXXX";
  REQUIRE(::mkdtemp(folder) != nullptr);
  auto file = std::string{folder} + "/sh";
  unique_fd{::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)}.reset();
  auto denied_then = [&](const char* rest) { return std::string{folder} + rest; };
  auto spec = shell("echo found");
  spec.program = "sh";
  {
    path_variable path{denied_then(":/bin").c_str()};
    CHECK(output_of(spec) == "found\n");
  }
  {
    path_variable path{denied_then(":/nonexistent").c_str()};
    CHECK(start_error(spec) == os_error{EACCES, "execve"});
  }
  CHECK(start_error(named(file)) == os_error{EACCES, "execve"});
  ::unlink(file.c_str());
  ::rmdir(folder);
}

TEST_CASE("a program that cannot be started is an error that names the call") {
  CHECK(start_error(named("/nonexistent/program")) == os_error{ENOENT, "execve"});
  CHECK(start_error(named("")) == os_error{ENOENT, "execve"});
  CHECK(start_error(named("/usr")) == os_error{EACCES, "execve"});
  auto lost = shell("true");
  lost.working_directory = "/nonexistent";
  CHECK(start_error(lost) == os_error{ENOENT, "chdir"});
}

TEST_CASE("descriptors that cannot be passed are an error that names the call") {
  auto spec = shell("true");
  spec.passed = {{-1, 0}};
  CHECK(start_error(spec) == os_error{EBADF, "fcntl"});
  spec.passed = {{0, 1 << 30}};
  CHECK(start_error(spec) == os_error{EINVAL, "fcntl"});
  spec.passed = {{0, -1}};
  CHECK(start_error(spec) == os_error{EINVAL, "passed_fd"});
  spec.passed = {{0, 3}, {1, 3}};
  CHECK(start_error(spec) == os_error{EINVAL, "passed_fd"});
}

TEST_CASE("a failure to start leaves no descriptor and no zombie behind") {
  auto before = open_descriptors();
  for (int i = 0; i < 10; ++i)
    (void) start_error(named("/nonexistent/program"));
  CHECK(open_descriptors() == before);
  CHECK(::waitpid(-1, nullptr, WNOHANG | __WALL) == -1);
  CHECK(errno == ECHILD);
}

TEST_CASE("a start that no descriptor is left for is an error") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{0, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  auto child = process::start(shell("true"));
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE(child.has_error());
  CHECK(child.error() == os_error{EMFILE, "clone"});
}

TEST_CASE("every descriptor that was not passed is closed in the child") {
  unique_fd inheritable{::fcntl(0, F_DUPFD, 200)}; // not closed on exec by itself
  REQUIRE(inheritable);
  CHECK(output_of(shell(print_open_descriptors)) == "1\n");
  auto spec = shell(print_open_descriptors);
  spec.passed = {{inheritable.get(), 0}, {inheritable.get(), 2}, {inheritable.get(), 7}, {inheritable.get(), 250}};
  CHECK(output_of(spec) == "0\n1\n2\n7\n250\n");
}

TEST_CASE("descriptors arrive at their targets although these are sources of others") {
  auto ten = pipe_with("ten ", 110);
  auto eleven = pipe_with("eleven ", 111);
  auto twelve = pipe_with("twelve ", 112);
  auto spec = shell("exec cat /dev/fd/110 /dev/fd/111 /dev/fd/112");
  spec.environment = environment();
  SECTION("in a circle") {
    spec.passed = {{110, 111}, {111, 112}, {112, 110}};
    CHECK(output_of(spec) == "twelve ten eleven ");
  }
  SECTION("or stay where they are") {
    spec.passed = {{110, 110}, {111, 111}, {112, 112}};
    CHECK(output_of(spec) == "ten eleven twelve ");
  }
}

TEST_CASE("the child has no handler, ignores and blocks what we do, and our own settings stay") {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  REQUIRE(::pthread_sigmask(SIG_BLOCK, &blocked, &before) == 0);
  auto pipe_action = ::signal(SIGPIPE, SIG_IGN);
  auto child_action = ::signal(SIGCHLD, SIG_IGN);
  auto user_action = ::signal(SIGUSR2, [](int) {});
  auto spec = shell("exec cat /proc/self/status");
  spec.environment = environment();
  spec.blocked = bit(SIGTERM);
  auto outcome = run(std::move(spec));
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, &before, &after);
  CHECK(::signal(SIGPIPE, pipe_action) == SIG_IGN);
  CHECK(::signal(SIGCHLD, child_action) == SIG_IGN);
  CHECK(::signal(SIGUSR2, user_action) != SIG_DFL);
  CHECK(sigismember(&after, SIGUSR1) == 1);
  CHECK(sigismember(&after, SIGTERM) == 0);
  REQUIRE(outcome.has_value());
  CHECK(signals_in(outcome->output, "SigBlk") == (bit(SIGUSR1) | bit(SIGTERM)));
  CHECK(signals_in(outcome->output, "SigIgn") == bit(SIGPIPE));
  CHECK(signals_in(outcome->output, "SigCgt") == 0);
}

TEST_CASE("our signal handlers never run in the child") {
  watchdog dog;
  auto tester = ::fork(); // in a process group of its own, whose every member gets the signals
  REQUIRE(tester >= 0);
  if (tester == 0) {
    ::setpgid(0, 0);
    expected_pid = ::getpid();
    ::signal(SIGUSR1, [](int) { ran_elsewhere = ran_elsewhere || ::getpid() != expected_pid; });
    std::atomic<bool> done{false};
    std::thread sender{[&] {
      while (!done)
        ::kill(0, SIGUSR1);
    }};
    for (int i = 0; i < 300; ++i)
      (void) process::start(named("/nonexistent/program"));
    done = true;
    sender.join();
    ::_exit(ran_elsewhere ? 1 : 0);
  }
  int status = -1;
  REQUIRE(::waitpid(tester, &status, 0) == tester);
  CHECK(status == 0);
}

TEST_CASE("a process that runs costs one descriptor") {
  auto before = open_descriptors();
  {
    auto child = process::start(shell("exit 0"));
    REQUIRE(child.has_value());
    CHECK(open_descriptors() == before + 1);
    CHECK((::fcntl(child->pidfd(), F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(open_descriptors() == before);
}
