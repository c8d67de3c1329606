#include "bulkhead/platform/this_process.hpp"

#include "bulkhead/platform/cpu_quota.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <thread>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bulkhead::platform {

std::string program_path() {
  return "/proc/self/exe";
}

std::string program_name() {
  std::error_code failure;
  auto name = std::filesystem::read_symlink(program_path(), failure);
  return failure ? program_path() : name.string();
}

std::vector<std::string> environment() {
  std::vector<std::string> variables;
  for (auto** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  return variables;
}

std::optional<std::string> take_environment_variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr)
    return std::nullopt;
  std::string taken{value};
  ::unsetenv(name);
  return taken;
}

pid_t pid() noexcept {
  return ::getpid();
}

result<unique_fd> own_pidfd() {
  unique_fd self{static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0))};
  if (!self)
    return last_error("pidfd_open");
  return self;
}

void name_thread(const char* name) noexcept {
  ::prctl(PR_SET_NAME, name, 0, 0, 0);
}

std::string process_name(std::string_view program, std::string_view role) {
  constexpr size_t kept = 15; // the kernel's TASK_COMM_LEN less the zero
  constexpr size_t program_min = 4;
  program.remove_prefix(program.rfind('/') + 1); // npos + 1 is 0
  role = role.substr(0, kept - 1 - program_min);
  return std::string{program.substr(0, kept - 1 - role.size())} + ":" + std::string{role};
}

void name_process(std::string_view role) noexcept {
  try {
    // Names the main thread, whichever thread writes.
    std::ofstream{"/proc/self/comm"} << process_name(program_name(), role) << std::flush;
  } catch (...) { // only memory can be missing, and a name is not worth a failure
  }
}

void exit_now(int code) noexcept {
  std::fflush(nullptr);
  ::_exit(code);
}

void die_with_parent(pid_t expected_parent) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (::getppid() != expected_parent)
    ::kill(::getpid(), SIGKILL);
}

void survive_broken_pipes() noexcept {
  struct sigaction before {};
  if (::sigaction(SIGPIPE, nullptr, &before) != 0 || (before.sa_flags & SA_SIGINFO) != 0
      || before.sa_handler != SIG_DFL)
    return;
  struct sigaction own {};
  own.sa_handler = [](int) {};
  own.sa_flags = SA_RESTART;
  ::sigemptyset(&own.sa_mask);
  ::sigaction(SIGPIPE, &own, nullptr);
}

unsigned cores() {
  auto result = std::max(std::thread::hardware_concurrency(), 1u);
  // The kernel refuses a set that is smaller than its own.
  constexpr size_t words_max = size_t{1} << 14;
  constexpr size_t bits = 8 * sizeof(unsigned long);
  for (size_t words = CPU_SETSIZE / bits; words <= words_max; words *= 2) {
    std::vector<unsigned long> allowed(words);
    auto bytes = ::syscall(SYS_sched_getaffinity, 0, words * sizeof(unsigned long), allowed.data());
    if (bytes < 0 && errno == EINVAL)
      continue;
    unsigned count = 0;
    for (auto word : allowed)
      count += static_cast<unsigned>(std::popcount(word));
    if (bytes > 0 && count > 0)
      result = count;
    break;
  }
  return std::min(result, cpu_quota().value_or(result));
}

size_t open_descriptors() {
  std::error_code failure;
  std::filesystem::directory_iterator folder{"/proc/self/fd", failure};
  auto count = std::distance(begin(folder), end(folder));
  return count > 0 ? static_cast<size_t>(count) - 1 : 0; // without the folder's own
}

} // namespace bulkhead::platform
