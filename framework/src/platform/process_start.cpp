#include "bulkhead/platform/exec_failure.hpp"
#include "bulkhead/platform/process.hpp"
#include "bulkhead/platform/this_process.hpp"

#include "child_orders.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <limits>
#include <memory>

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

/// `clone` under the name by which sanitizers do not intercept it: they would treat the child, which shares the parent's
/// memory for a moment, as a fork.
extern "C" int __clone(int (*function)(void*), void* stack_top, int flags, void* argument, ...) noexcept;

namespace bulkhead::platform {

namespace {

/// What `child_orders` points to.
struct prepared_child {
  std::vector<std::string> programs;
  std::vector<const char*> program_pointers;
  std::vector<const char*> argument_pointers;
  std::vector<const char*> environment_pointers;
  std::vector<int> staged;
  std::vector<child_orders::closed_range> closed;
};

std::vector<const char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<const char*> pointers;
  for (const auto& string : strings)
    pointers.push_back(string.c_str());
  pointers.push_back(nullptr);
  return pointers;
}

/// @returns EINVAL if a target is negative or stands there twice.
result<std::vector<child_orders::closed_range>> all_but_targets(const std::vector<process_spec::passed_fd>& passed) {
  std::vector<int> targets;
  for (const auto& entry : passed)
    targets.push_back(entry.target);
  std::sort(targets.begin(), targets.end());
  if (std::adjacent_find(targets.begin(), targets.end()) != targets.end() || (!targets.empty() && targets.front() < 0))
    return os_error{EINVAL, "passed_fd"};
  std::vector<child_orders::closed_range> closed;
  unsigned first = 0;
  for (auto target : targets) {
    auto kept = static_cast<unsigned>(target);
    if (first < kept)
      closed.push_back({first, kept - 1});
    first = kept + 1;
  }
  closed.push_back({first, std::numeric_limits<unsigned>::max()});
  return closed;
}

/// While it lives no signal reaches this thread: a handler must not run in the child, on the parent's memory.
class signals_blocked {
public:
  signals_blocked() noexcept {
    const auto all = ~signal_set{0};
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before_, sizeof all);
  }

  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;

  [[nodiscard]] signal_set before() const noexcept {
    return before_;
  }

  ~signals_blocked() {
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof before_);
  }

private:
  signal_set before_ = 0;
};

struct cloned {
  int pid;
  int pidfd;
};

/// Runs the child on a stack of its own, in this process's memory, until it has executed its program or given up; other
/// threads go on meanwhile.
result<cloned> clone_child(child_orders& orders) {
  constexpr size_t stack_bytes = 64 * 1024;
  auto stack = std::make_unique_for_overwrite<std::byte[]>(stack_bytes);
  cloned child{-1, -1};
  signals_blocked while_cloning;
  orders.blocked |= while_cloning.before();
  child.pid = __clone(run_child, stack.get() + stack_bytes, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &orders,
                      &child.pidfd);
  if (child.pid < 0)
    return last_error("clone");
  return child;
}

} // namespace

result<process> process::start(const process_spec& spec) {
  auto closed = all_but_targets(spec.passed);
  if (!closed)
    return closed.error();
  prepared_child prepared;
  prepared.programs = program_files(spec.program);
  prepared.program_pointers = pointers_to(prepared.programs);
  prepared.argument_pointers = pointers_to(spec.arguments);
  prepared.environment_pointers = pointers_to(spec.environment);
  prepared.staged.resize(spec.passed.size());
  prepared.closed = std::move(*closed);
  child_orders orders{};
  orders.programs = prepared.program_pointers.data();
  orders.arguments = prepared.argument_pointers.data();
  orders.environment = prepared.environment_pointers.data();
  orders.working_directory = spec.working_directory.empty() ? nullptr : spec.working_directory.c_str();
  orders.passed = spec.passed.data();
  orders.staged = prepared.staged.data();
  orders.passed_count = spec.passed.size();
  orders.first_free = static_cast<int>(prepared.closed.back().first);
  orders.closed = prepared.closed.data();
  orders.closed_count = prepared.closed.size();
  orders.parent = platform::pid();
  orders.blocked = spec.blocked;
  auto child = clone_child(orders);
  if (!child)
    return child.error();
  process started{child->pid, unique_fd{child->pidfd}};
  if (orders.failed_call != nullptr)
    return os_error{orders.failed_errno, orders.failed_call}; // the destructor reaps
  return started;
}

} // namespace bulkhead::platform
