#include "bulkhead/platform/stray_children.hpp"

#include <cerrno>
#include <thread>

#include <sys/wait.h>

namespace bulkhead::platform {

namespace {

/// A child of this thread that has ended; 0 if there is none, -1 if it has no children. It stays.
pid_t dead_child() noexcept {
  siginfo_t info{};
  while (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) != 0)
    if (errno != EINTR)
      return -1;
  return info.si_pid;
}

void reap(pid_t child) noexcept {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | __WNOTHREAD) != 0 && errno == EINTR)
    continue;
}

} // namespace

bool reap_strays(const std::function<bool(pid_t)>& is_known) {
  for (;;) {
    auto child = dead_child();
    if (child <= 0)
      return false;
    if (is_known(child))
      return true;
    reap(child);
  }
}

void reap_all_children(std::chrono::milliseconds max) {
  constexpr std::chrono::milliseconds between_looks{1};
  for (auto end = std::chrono::steady_clock::now() + max;;) {
    auto child = dead_child();
    if (child > 0)
      reap(child);
    else if (child < 0 || std::chrono::steady_clock::now() >= end)
      return;
    else
      std::this_thread::sleep_for(between_looks);
  }
}

} // namespace bulkhead::platform
