#include "bulkhead/platform/process.hpp"

#include "bulkhead/platform/socket_pair.hpp"
#include "end_order.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bulkhead::platform {

namespace {

/// Newer C libraries call it P_PIDFD.
constexpr auto by_pidfd = static_cast<idtype_t>(3);

constexpr std::chrono::hours longest_wait{24};

/// The kernel counts in these.
constexpr uint64_t maxrss_unit = 1024;

std::chrono::microseconds as_time(const timeval& what) noexcept {
  return std::chrono::seconds{what.tv_sec} + std::chrono::microseconds{what.tv_usec};
}

} // namespace

process::process(pid_t pid, unique_fd pidfd) noexcept : pid_(pid), pidfd_(std::move(pidfd)) {
  rusage own{};
  if (::getrusage(RUSAGE_SELF, &own) == 0)
    inherited_peak_bytes_ = static_cast<uint64_t>(own.ru_maxrss) * maxrss_unit;
}

// The kernel tells in the descriptor's own words whose it is.
result<process> process::adopt(unique_fd pidfd, pid_t expected) {
  siginfo_t info{};
  if (::syscall(SYS_waitid, by_pidfd, pidfd.get(), &info, WEXITED | WNOHANG | WNOWAIT, nullptr) != 0)
    return last_error("waitid");
  std::ifstream about{"/proc/self/fdinfo/" + std::to_string(pidfd.get())};
  pid_t number = -1;
  for (std::string word; about >> word;)
    if (word == "Pid:")
      about >> number;
  if (number != expected)
    return os_error{ECHILD, "pidfd"};
  process adopted{number, std::move(pidfd)};
  adopted.inherited_peak_bytes_ = 0;
  return adopted;
}

process::process(process&& other) noexcept
  : pid_(std::exchange(other.pid_, -1)),
    pidfd_(std::move(other.pidfd_)),
    status_(other.status_),
    used_(other.used_),
    dumped_core_(other.dumped_core_),
    inherited_peak_bytes_(other.inherited_peak_bytes_) {}

process& process::operator=(process&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::move(other.pidfd_);
    status_ = other.status_;
    used_ = other.used_;
    dumped_core_ = other.dumped_core_;
    inherited_peak_bytes_ = other.inherited_peak_bytes_;
  }
  return *this;
}

process::~process() {
  end();
}

void process::end() noexcept {
  if (!pidfd_ || status_)
    return;
  reap(kill(SIGKILL) ? 0 : WNOHANG);
}

// Waits for the end of the process, or looks whether it has come, by `options`. The raw call, because the C library's does not
// tell what the process has used.
void process::reap(int options) noexcept {
  siginfo_t info{};
  rusage used{};
  while (::syscall(SYS_waitid, by_pidfd, pidfd_.get(), &info, WEXITED | options, &used) != 0)
    if (errno == EAGAIN && (options & WNOHANG) != 0) {
      return;
    } else if (errno == EAGAIN) {
      (void) wait_readable(pidfd_.get(), longest_wait); // whoever waits for it as well has made it nonblocking
    } else if (errno != EINTR) {
      status_ = exit_status{exit_status::kind::unknown, 0};
      return;
    }
  if (info.si_pid == 0)
    return;
  auto how = info.si_code == CLD_EXITED ? exit_status::kind::exited : exit_status::kind::signaled;
  status_ = exit_status{how, info.si_status};
  dumped_core_ = info.si_code == CLD_DUMPED;
  auto peak = static_cast<uint64_t>(used.ru_maxrss) * maxrss_unit;
  used_ = {as_time(used.ru_utime), as_time(used.ru_stime), peak > inherited_peak_bytes_ ? peak : 0};
}

std::optional<uint64_t> process::private_bytes() const {
  // In pages, see proc(5): size, resident, and what of that is shared or belongs to files.
  std::ifstream in{"/proc/" + std::to_string(pid_) + "/statm"};
  uint64_t size = 0;
  uint64_t resident = 0;
  uint64_t shared = 0;
  if (status_ || !(in >> size >> resident >> shared) || resident == 0)
    return std::nullopt;
  return (resident - std::min(resident, shared)) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

// A filter of system calls may know kill(2) only: a number is safe as long as the child was not reaped.
bool process::kill(int signal) const noexcept {
  if (!pidfd_ || status_ || ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0) == 0 || errno == ESRCH)
    return true;
  siginfo_t info{};
  if (::syscall(SYS_waitid, by_pidfd, pidfd_.get(), &info, WEXITED | WNOHANG | WNOWAIT, nullptr) != 0)
    return errno == ECHILD;
  return ::kill(pid_, signal) == 0 || errno == ESRCH;
}

bool process::order_end() const noexcept {
  siginfo_t order{};
  order.si_signo = SIGTERM;
  order.si_code = SI_QUEUE;
  order.si_pid = ::getpid();
  order.si_uid = ::getuid();
  order.si_value.sival_int = end_order;
  if (!pidfd_ || status_ || ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGTERM, &order, 0) == 0 || errno == ESRCH)
    return true;
  siginfo_t info{};
  if (::syscall(SYS_waitid, by_pidfd, pidfd_.get(), &info, WEXITED | WNOHANG | WNOWAIT, nullptr) != 0)
    return errno == ECHILD;
  return ::syscall(SYS_rt_sigqueueinfo, pid_, SIGTERM, &order) == 0 || errno == ESRCH;
}

bool process::is_pending(int signal) const {
  if (!pidfd_ || status_)
    return false;
  std::ifstream in{"/proc/" + std::to_string(pid_) + "/status"};
  for (std::string word; in >> word;)
    if (word == "ShdPnd:") {
      signal_set pending = 0;
      return in >> std::hex >> pending && (pending >> (signal - 1) & 1) == 1;
    }
  return false;
}

// Until it is reaped its number is its own, and the kernel looks whether the thread belongs to it.
bool process::signal_thread(int signal, std::string_view name) const {
  if (!pidfd_ || status_)
    return false;
  std::error_code failed;
  for (std::filesystem::directory_iterator i{"/proc/" + std::to_string(pid_) + "/task", failed}, end;
       !failed && i != end; i.increment(failed)) {
    std::string found;
    std::getline(std::ifstream{i->path() / "comm"}, found);
    if (found == name)
      return ::syscall(SYS_tgkill, pid_, std::atoi(i->path().filename().c_str()), signal) == 0;
  }
  return false;
}

std::optional<exit_status> process::try_reap() noexcept {
  if (pidfd_ && !status_)
    reap(WNOHANG);
  return status_;
}

std::optional<exit_status> process::reap_within(std::chrono::milliseconds max) noexcept {
  if (pidfd_ && !status_)
    (void) wait_readable(pidfd_.get(), max);
  return try_reap();
}

} // namespace bulkhead::platform
