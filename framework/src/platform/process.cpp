#include "bulkhead/platform/process.hpp"

#include "bulkhead/platform/socket_pair.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <string>
#include <utility>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bulkhead::platform {

namespace {

/// Newer C libraries call it P_PIDFD.
constexpr auto by_pidfd = static_cast<idtype_t>(3);

/// Waits for the end of the process, or looks whether it has come, by `options`.
std::optional<exit_status> reap(int pidfd, int options) noexcept {
  siginfo_t info{};
  while (::waitid(by_pidfd, static_cast<id_t>(pidfd), &info, WEXITED | options) != 0)
    if (errno != EINTR)
      return exit_status{exit_status::kind::unknown, 0};
  if (info.si_pid == 0)
    return std::nullopt;
  auto how = info.si_code == CLD_EXITED ? exit_status::kind::exited : exit_status::kind::signaled;
  return exit_status{how, info.si_status};
}

} // namespace

process::process(process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)), status_(other.status_) {
}

process& process::operator=(process&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::move(other.pidfd_);
    status_ = other.status_;
  }
  return *this;
}

process::~process() {
  end();
}

void process::end() noexcept {
  if (!pidfd_ || status_)
    return;
  kill(SIGKILL);
  status_ = reap(pidfd_.get(), 0);
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

void process::kill(int signal) const noexcept {
  if (pidfd_)
    ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0);
}

std::optional<exit_status> process::try_reap() noexcept {
  if (pidfd_ && !status_)
    status_ = reap(pidfd_.get(), WNOHANG);
  return status_;
}

std::optional<exit_status> process::reap_within(std::chrono::milliseconds max) noexcept {
  if (pidfd_ && !status_)
    (void) wait_readable(pidfd_.get(), max);
  return try_reap();
}

} // namespace bulkhead::platform
