#include "child_orders.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Instrumented code would confuse the sanitizers' books about the parent's thread, whose memory this code runs in.
#if defined(__clang__)
#define BULKHEAD_UNINSTRUMENTED __attribute__((disable_sanitizer_instrumentation, no_sanitize("undefined")))
#else
#define BULKHEAD_UNINSTRUMENTED __attribute__((no_sanitize("address", "thread", "undefined")))
#endif

namespace bulkhead::platform {

namespace {

BULKHEAD_UNINSTRUMENTED bool failed(child_orders& orders, const char* call) noexcept {
  orders.failed_errno = errno;
  orders.failed_call = call;
  return false;
}

BULKHEAD_UNINSTRUMENTED bool tie_to_parent(child_orders& orders) noexcept {
  if (::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
    return failed(orders, "prctl");
  if (::syscall(SYS_getppid) == orders.parent)
    return true;
  errno = ESRCH; // the parent died before it could kill us
  return failed(orders, "getppid");
}

BULKHEAD_UNINSTRUMENTED void reset_signal_handlers() noexcept {
  // The kernel's own struct, whose first word is the handler; all zero is SIG_DFL, no flags, empty mask. Raw, because sanitizers
  // keep a table of handlers behind `sigaction`, and that table is the parent's.
  constexpr int last_signal = 64;
  constexpr unsigned long ignored = 1; // SIG_IGN
  const unsigned long default_action[8] = {};
  for (int signal = 1; signal <= last_signal; ++signal) {
    unsigned long present[8] = {};
    ::syscall(SYS_rt_sigaction, signal, nullptr, present, sizeof(uint64_t));
    if (signal == SIGCHLD || present[0] != ignored)
      ::syscall(SYS_rt_sigaction, signal, default_action, nullptr, sizeof(uint64_t));
  }
}

/// Copies every source above all targets first, so that no target can overwrite a source that is still needed.
BULKHEAD_UNINSTRUMENTED bool place_descriptors(child_orders& orders) noexcept {
  for (size_t i = 0; i < orders.passed_count; ++i) {
    orders.staged[i] = static_cast<int>(::syscall(SYS_fcntl, orders.passed[i].source, F_DUPFD, orders.first_free));
    if (orders.staged[i] < 0)
      return failed(orders, "fcntl");
  }
  for (size_t i = 0; i < orders.passed_count; ++i)
    if (::syscall(SYS_dup3, orders.staged[i], orders.passed[i].target, 0) < 0)
      return failed(orders, "dup3");
  for (size_t i = 0; i < orders.closed_count; ++i)
    if (::syscall(SYS_close_range, orders.closed[i].first, orders.closed[i].last, 0) != 0)
      return failed(orders, "close_range");
  return true;
}

BULKHEAD_UNINSTRUMENTED bool change_directory(child_orders& orders) noexcept {
  if (orders.working_directory == nullptr || ::syscall(SYS_chdir, orders.working_directory) == 0)
    return true;
  return failed(orders, "chdir");
}

/// As `execvp` does: a file that is not there leads to the next one, and one that may not be executed is reported only if
/// no other can be.
BULKHEAD_UNINSTRUMENTED void execute(child_orders& orders) noexcept {
  bool denied = false;
  errno = ENOENT;
  for (const auto* program = orders.programs; *program != nullptr; ++program) {
    ::syscall(SYS_execve, *program, orders.arguments, orders.environment);
    denied = denied || errno == EACCES;
    if (errno != EACCES && errno != ENOENT && errno != ENOTDIR)
      break;
  }
  if (denied && (errno == ENOENT || errno == ENOTDIR))
    errno = EACCES;
  failed(orders, "execve");
}

} // namespace

BULKHEAD_UNINSTRUMENTED int run_child(void* opaque) noexcept {
  auto& orders = *static_cast<child_orders*>(opaque);
  if (!tie_to_parent(orders))
    return 127;
  reset_signal_handlers();
  if (!place_descriptors(orders) || !change_directory(orders))
    return 127;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &orders.blocked, nullptr, sizeof orders.blocked);
  execute(orders);
  return 127;
}

} // namespace bulkhead::platform
