// Catches a copy whose parent cannot wait for it, that outlives its parent, or in which the C library takes its thread for another one.
#include <catch2/catch.hpp>

#include "bulkhead/platform/pipe.hpp"
#include "bulkhead/platform/process_copy.hpp"

#include <array>
#include <cerrno>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace bulkhead::platform;

namespace {

/// Runs `what` in a process of its own, whose copies are children of this one. Its exit status is what that returns.
pid_t in_own_process(const std::function<int()>& what) {
  auto pid = ::fork();
  if (pid == 0)
    ::_exit(what());
  return pid;
}

int status_of(pid_t pid) {
  int status = -1;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR)
    continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// What arrives until all ends for writing are closed.
std::string all_of(int fd) {
  std::string result;
  std::array<char, 256> buffer;
  for (;;) {
    auto count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (count <= 0)
      return result;
    result.append(buffer.data(), static_cast<size_t>(count));
  }
}

bool c_library_knows_its_thread() {
  int* number = nullptr;
  void* list = nullptr;
  size_t list_bytes = 0;
  return ::prctl(PR_GET_TID_ADDRESS, &number, 0, 0, 0) == 0 && *number == ::syscall(SYS_gettid)
         && ::syscall(SYS_get_robust_list, 0, &list, &list_bytes) == 0 && list != nullptr;
}

bool threads_work() {
  std::recursive_mutex mutex;
  int count = 0;
  auto work = [&] {
    for (int i = 0; i < 1000; ++i) {
      std::lock_guard once{mutex};
      std::lock_guard twice{mutex};
      ++count;
    }
  };
  std::thread first{work};
  std::thread second{work};
  work();
  first.join();
  second.join();
  return count == 3000;
}

} // namespace

TEST_CASE("a copy goes on where its original is, as another child of its parent") {
  auto pipe = pipe_pair::create().value();
  int memory = 1;
  auto self = ::getpid();
  auto original = in_own_process([&] {
    auto side = copy_process();
    if (!side)
      return 1;
    if (*side == copy_side::original)
      return memory == 1 ? 2 : 3;
    memory = 2;
    auto sound = ::getppid() == self && c_library_knows_its_thread() && threads_work();
    auto text = (sound ? "sound " : "unsound ") + std::to_string(::getpid());
    (void) !::write(pipe.write_end.get(), text.data(), text.size());
    return 4;
  });
  pipe.write_end.reset();
  auto text = all_of(pipe.read_end.get());
  CHECK(status_of(original) == 2);
  REQUIRE(text.starts_with("sound "));
  CHECK(status_of(std::stoi(text.substr(6))) == 4);
  CHECK(memory == 1);
}

TEST_CASE("a process makes copies, and copies make copies") {
  auto pipe = pipe_pair::create().value();
  auto original = in_own_process([&] {
    for (int i = 0; i < 3; ++i)
      if (auto side = copy_process(); !side)
        return 1;
    (void) !::write(pipe.write_end.get(), "x", 1);
    return 0;
  });
  pipe.write_end.reset();
  CHECK(all_of(pipe.read_end.get()) == "xxxxxxxx");
  CHECK(status_of(original) == 0);
  for (int i = 0; i < 7; ++i)
    CHECK(status_of(-1) == 0);
}

TEST_CASE("a copy dies with the process that started its original") {
  auto pipe = pipe_pair::create().value();
  auto grandparent = in_own_process([&] {
    auto original = in_own_process([&] {
      auto side = copy_process();
      if (!side || *side == copy_side::original)
        return 0;
      (void) !::write(pipe.write_end.get(), "x", 1);
      for (;;)
        ::pause();
    });
    auto status = status_of(original);
    std::array<char, 1> here;
    while (::read(pipe.read_end.get(), here.data(), 1) < 0)
      continue;
    return status;
  });
  pipe.write_end.reset();
  CHECK(status_of(grandparent) == 0);
  CHECK(all_of(pipe.read_end.get()).empty()); // ends only when the copy has
}

TEST_CASE("a process with several threads says that it cannot be copied") {
#ifndef __SANITIZE_THREAD__ // which has a thread of its own
  CHECK(status_of(in_own_process([] { return can_copy_process() ? 0 : 1; })) == 0);
#endif
  CHECK(status_of(in_own_process([] {
          auto pipe = pipe_pair::create().value();
          std::thread other{[&] { (void) all_of(pipe.read_end.get()); }};
          auto able = can_copy_process();
          pipe.write_end.reset();
          other.join();
          return !able && able.error().number == EBUSY ? 0 : 1;
        }))
        == 0);
}
