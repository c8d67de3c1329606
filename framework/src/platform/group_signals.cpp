#include "bulkhead/platform/group_signals.hpp"

#include "end_order.hpp"

#include <csignal>

#include <sys/syscall.h>
#include <unistd.h>

namespace bulkhead::platform {

namespace {

constexpr int all_group_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

constexpr signal_set bit_of(int signal) noexcept {
  return signal_set{1} << (signal - 1);
}

/// The raw call, because the C library hides the signals that it uses itself.
signal_set change_mask(int how, const signal_set* what) noexcept {
  signal_set before = 0;
  ::syscall(SYS_rt_sigprocmask, how, what, &before, sizeof before);
  return before;
}

void on_group_signal(int signal, siginfo_t* info, void*) {
  if (signal != SIGTERM || info->si_code != SI_QUEUE || info->si_value.sival_int != end_order)
    return;
  ::signal(SIGTERM, SIG_DFL);
  ::raise(SIGTERM); // delivered when this handler has returned
}

} // namespace

signal_set group_signals() noexcept {
  signal_set result = 0;
  for (auto signal : all_group_signals)
    result |= bit_of(signal);
  return result;
}

signal_set blocked_signals() noexcept {
  return change_mask(SIG_BLOCK, nullptr);
}

void survive_group_signals(signal_set blocked) noexcept {
  for (auto signal : all_group_signals) {
    struct sigaction present {};
    if (::sigaction(signal, nullptr, &present) != 0 || (present.sa_flags & SA_SIGINFO) != 0
        || present.sa_handler != SIG_DFL)
      continue;
    struct sigaction own {};
    own.sa_sigaction = on_group_signal;
    own.sa_flags = SA_SIGINFO | SA_RESTART;
    ::sigemptyset(&own.sa_mask);
    ::sigaction(signal, &own, nullptr);
  }
  change_mask(SIG_SETMASK, &blocked);
}

void accept_group_signals() noexcept {
  auto all = group_signals();
  change_mask(SIG_UNBLOCK, &all);
}

} // namespace bulkhead::platform
