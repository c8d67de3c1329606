// Catches a program that cannot find itself, a variable that is left for others to read, and a child that stays behind.
#include <catch2/catch.hpp>

#include "bulkhead/platform/this_process.hpp"

#include "shell.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace bulkhead::platform;
using namespace bulkhead::platform::testing;

namespace {

int wait_for(pid_t child) {
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

} // namespace

TEST_CASE("the program's path can be executed and its name is a real file") {
  CHECK(::access(program_path().c_str(), X_OK) == 0);
  CHECK(program_name().front() == '/');
  CHECK(program_name() != program_path());
  CHECK(::access(program_name().c_str(), X_OK) == 0);
}

TEST_CASE("the environment lists every variable as name and value") {
  ::setenv("BULKHEAD_TEST", "a=b", 1);
  auto all = environment();
  ::unsetenv("BULKHEAD_TEST");
  CHECK(std::count(all.begin(), all.end(), "BULKHEAD_TEST=a=b") == 1);
}

TEST_CASE("a variable that was taken is gone") {
  ::setenv("BULKHEAD_TEST", "value", 1);
  CHECK(take_environment_variable("BULKHEAD_TEST") == "value");
  CHECK(take_environment_variable("BULKHEAD_TEST") == std::nullopt);
  CHECK(std::getenv("BULKHEAD_TEST") == nullptr);
}

TEST_CASE("the process knows its number") {
  CHECK(pid() == ::getpid());
}

TEST_CASE("a thread carries its name, cut to fifteen bytes") {
  std::string name(16, '\0');
  std::thread{[&] {
    name_thread("a-name-that-is-too-long");
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  }}.join();
  CHECK(std::string{name.c_str()} == "a-name-that-is-");
}

TEST_CASE("exiting at once flushes what was printed") {
  watchdog dog;
  auto pipe = pipe_pair::create();
  REQUIRE(pipe.has_value());
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto* stream = ::fdopen(pipe->write_end.get(), "w");
    std::fputs("printed", stream);
    exit_now(7);
  }
  pipe->write_end.reset();
  CHECK(read_all(pipe->read_end.get()) == "printed");
  auto status = wait_for(child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
}

TEST_CASE("a process dies at once if its parent is not the expected one") {
  watchdog dog;
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    die_with_parent(::getpid());
    ::_exit(0);
  }
  auto status = wait_for(child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGKILL);
}

TEST_CASE("a process dies with its parent") {
  watchdog dog;
  auto alive = pipe_pair::create();
  auto tied = pipe_pair::create();
  REQUIRE(alive.has_value());
  REQUIRE(tied.has_value());
  auto parent = ::fork();
  REQUIRE(parent >= 0);
  if (parent == 0) {
    auto expected_parent = ::getpid();
    if (::fork() == 0) {
      die_with_parent(expected_parent);
      (void) write_if_ready(tied->write_end.get(), "tied");
      for (;;)
        ::pause();
    }
    ::pause();
  }
  alive->write_end.reset();
  REQUIRE(wait_readable(tied->read_end.get(), patience).value());
  ::kill(parent, SIGKILL);
  (void) wait_for(parent);
  CHECK(read_all(alive->read_end.get()).empty()); // the end comes when the grandchild has gone
}

TEST_CASE("the number of cores follows what this thread may use") {
  CHECK(cores() >= 1);
  unsigned pinned = 0;
  std::thread{[&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(::sched_getcpu()), &one);
    ::sched_setaffinity(0, sizeof one, &one);
    pinned = cores();
  }}.join();
  CHECK(pinned == 1);
}

TEST_CASE("the name of a process has its program and its role, in what the kernel keeps") {
  CHECK(process_name("/usr/bin/app", "decoder") == "app:decoder");
  CHECK(process_name("app", "") == "app:");
  CHECK(process_name("/usr/bin/thumbnails", "decoder") == "thumbna:decoder");
  CHECK(process_name("/usr/bin/thumbnails", "decoder of pictures") == "thum:decoder of");
  CHECK(process_name("", "decoder") == ":decoder");
}

namespace {

/// Runs `body` in a copy of this process, whose SIGPIPE has the default action.
template <class Body>
int status_with_default_sigpipe(Body body) {
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGPIPE, SIG_DFL);
    ::_exit(body() ? 0 : 1);
  }
  return wait_for(child);
}

bool write_fails_with_epipe() {
  std::array<int, 2> ends{};
  return ::pipe(ends.data()) == 0 && ::close(ends[0]) == 0 && ::write(ends[1], "x", 1) == -1 && errno == EPIPE;
}

} // namespace

TEST_CASE("a write to a pipe without a reader fails, and does not end the process") {
  auto status = status_with_default_sigpipe([] {
    survive_broken_pipes();
    return write_fails_with_epipe();
  });
  CHECK(status == 0);
}

TEST_CASE("the application's own choice for SIGPIPE stays, before and after") {
  auto ignored = status_with_default_sigpipe([] {
    std::signal(SIGPIPE, SIG_IGN);
    survive_broken_pipes();
    return std::signal(SIGPIPE, SIG_DFL) == SIG_IGN;
  });
  CHECK(ignored == 0);
  auto handled = status_with_default_sigpipe([] {
    auto own = [](int) { ::_exit(0); };
    std::signal(SIGPIPE, own);
    survive_broken_pipes();
    (void) write_fails_with_epipe();
    return false;
  });
  CHECK(handled == 0);
  auto set_later = status_with_default_sigpipe([] {
    survive_broken_pipes();
    std::signal(SIGPIPE, SIG_DFL);
    return write_fails_with_epipe();
  });
  CHECK(WIFSIGNALED(set_later));
}

TEST_CASE("a program that this process executes dies of a broken pipe as usual") {
  auto status = status_with_default_sigpipe([] {
    survive_broken_pipes();
    ::execl("/bin/sh", "sh", "-c", "kill -PIPE $$", nullptr);
    return false;
  });
  CHECK(WIFSIGNALED(status));
}
