// The calls of the operating system that the measurements need.
#include "os.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include <malloc.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench::os {

namespace {

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

int checked(int result, const char* what) {
  if (result < 0)
    give_up(what);
  return result;
}

int epoll_on(int fd) {
  auto result = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  epoll_event event{};
  event.events = EPOLLIN;
  checked(epoll_ctl(result, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  return result;
}

void ring(int fd) {
  if (eventfd_write(fd, 1) != 0)
    give_up("eventfd_write");
}

void wait_for_ring(int epoll, int fd) {
  epoll_event event{};
  while (epoll_wait(epoll, &event, 1, -1) < 1) {
    // interrupted
  }
  eventfd_t value = 0;
  if (eventfd_read(fd, &value) != 0)
    give_up("eventfd_read");
}

} // namespace

child::child(child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {
  // nop
}

child& child::operator=(child&& other) noexcept {
  std::swap(pid_, other.pid_);
  return *this;
}

child::~child() {
  if (pid_ <= 0)
    return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

started start_self(const char* argument) {
  int ends[2];
  checked(::pipe(ends), "pipe");
  auto pid = checked(::fork(), "fork");
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::execl("/proc/self/exe", "bulkhead_bench", argument, static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::close(ends[1]);
  started result{child{pid}, {}};
  for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';)
    result.line += c;
  ::close(ends[0]);
  return result;
}

std::vector<std::string> lines_of(const std::vector<std::string>& command) {
  int ends[2];
  checked(::pipe(ends), "pipe");
  std::vector<char*> words;
  for (auto& x : command)
    words.push_back(const_cast<char*>(x.c_str()));
  words.push_back(nullptr);
  auto pid = checked(::fork(), "fork");
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::execvp(words.front(), words.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  std::vector<std::string> result(1);
  for (char c = 0; ::read(ends[0], &c, 1) == 1;)
    if (c == '\n')
      result.emplace_back();
    else
      result.back() += c;
  ::close(ends[0]);
  ::waitpid(pid, nullptr, 0);
  return result;
}

uint64_t available_bytes() {
  std::ifstream in{"/proc/meminfo"};
  uint64_t kib = 0;
  for (std::string word; in >> word;)
    if (word == "MemAvailable:" && in >> kib)
      break;
  return kib << 10;
}

eventfd_peer::eventfd_peer()
  : there_(checked(eventfd(0, EFD_CLOEXEC), "eventfd")),
    back_(checked(eventfd(0, EFD_CLOEXEC), "eventfd")),
    epoll_(epoll_on(back_)) {
  auto pid = checked(::fork(), "fork");
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (auto epoll = epoll_on(there_);;) {
      wait_for_ring(epoll, there_);
      ring(back_);
    }
  }
  process_ = child{pid};
}

eventfd_peer::~eventfd_peer() {
  ::close(epoll_);
  ::close(there_);
  ::close(back_);
}

void eventfd_peer::round_trip() {
  ring(there_);
  wait_for_ring(epoll_, back_);
}

void vfork_exec_true_wait() {
  auto pid = checked(::vfork(), "vfork");
  if (pid == 0) {
    ::execl("/bin/true", "true", static_cast<char*>(nullptr));
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (status != 0)
    give_up("/bin/true");
}

void kill_now(int pid) {
  ::kill(pid, SIGKILL);
}

void kill_and_wait(int pid) {
  auto fd = checked(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)), "pidfd_open");
  kill_now(pid);
  pollfd waited{fd, POLLIN, 0};
  while (::poll(&waited, 1, -1) < 1) {
    // interrupted
  }
  ::close(fd);
}

int own_pid() {
  return ::getpid();
}

usage usage_of(int pid) {
  usage result;
  for (auto& thread : std::filesystem::directory_iterator{"/proc/" + std::to_string(pid) + "/task"}) {
    uint64_t cpu_ns = 0;
    std::ifstream{thread.path() / "schedstat"} >> cpu_ns;
    result.cpu_ns += cpu_ns;
    std::ifstream status{thread.path() / "status"};
    for (std::string word; status >> word;)
      if (word.ends_with("voluntary_ctxt_switches:")) {
        uint64_t count = 0;
        status >> count;
        result.switches += count;
      }
  }
  return result;
}

uint64_t heap_octets() {
  auto all = ::mallinfo2();
  return all.uordblks + all.hblkhd;
}

double pss_mib(int pid) {
  std::ifstream rollup{"/proc/" + std::to_string(pid) + "/smaps_rollup"};
  for (std::string word; rollup >> word;)
    if (word == "Pss:") {
      double kib = 0;
      rollup >> kib;
      return kib / 1024;
    }
  return 0;
}

} // namespace bench::os
