#include "write_signals.hpp"

#include <cerrno>
#include <csignal>
#include <ctime>

#include <sys/syscall.h>
#include <unistd.h>

namespace bulkhead::platform {

namespace {

constexpr signal_set bit_of(int signal) noexcept {
  return signal_set{1} << (signal - 1);
}

constexpr signal_set held = bit_of(SIGXFSZ) | bit_of(SIGPIPE);

signal_set pending() noexcept {
  signal_set result = 0;
  ::syscall(SYS_rt_sigpending, &result, sizeof result);
  return result & held;
}

} // namespace

write_signals_held::write_signals_held() noexcept {
  ::syscall(SYS_rt_sigprocmask, SIG_BLOCK, &held, &before_, sizeof before_);
  pending_before_ = pending();
}

write_signals_held::~write_signals_held() {
  auto number = errno;
  // The kernel sends both to the thread that writes, so what has come meanwhile is its own.
  if (auto come = pending() & ~pending_before_; come != 0) {
    const timespec at_once{};
    while (::syscall(SYS_rt_sigtimedwait, &come, nullptr, &at_once, sizeof come) < 0 && errno == EINTR)
      continue;
  }
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof before_);
  errno = number;
}

} // namespace bulkhead::platform
