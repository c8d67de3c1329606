#include "bulkhead/platform/process_copy.hpp"

#include "bulkhead/platform/this_process.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <system_error>

#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bulkhead::platform {

namespace {

/// What the C library keeps about its thread and the kernel has to know in a copy too. Its own `fork` sees to that; but the parent of what
/// that makes is the caller.
struct thread_record {
  /// Where its number stands, see set_tid_address(2).
  int* number = nullptr;
  /// See get_robust_list(2).
  void* robust_list = nullptr;
  size_t robust_list_bytes = 0;
};

result<thread_record> record_of_this_thread() {
  thread_record found;
  if (::prctl(PR_GET_TID_ADDRESS, &found.number, 0, 0, 0) != 0)
    return last_error("prctl PR_GET_TID_ADDRESS");
  if (::syscall(SYS_get_robust_list, 0, &found.robust_list, &found.robust_list_bytes) != 0)
    return last_error("get_robust_list");
  return found;
}

std::ptrdiff_t threads() {
  std::error_code failure;
  std::filesystem::directory_iterator all{"/proc/self/task", failure};
  return std::distance(begin(all), end(all));
}

} // namespace

result<void> can_copy_process() {
  // Without arguments it makes nothing, but tells whether a filter lets it pass.
  if (::syscall(SYS_clone3, nullptr, size_t{0}) < 0 && (errno == ENOSYS || errno == EPERM))
    return last_error("clone3");
  auto count = threads();
  if (count == 0)
    return os_error{ENOENT, "open /proc/self/task"};
  if (count != 1)
    return os_error{EBUSY, "fork"};
  if (auto record = record_of_this_thread(); !record)
    return record.error();
  return {};
}

result<copy_side> copy_process() {
  auto record = record_of_this_thread();
  if (!record)
    return record.error();
  auto parent = ::getppid();
  clone_args how{};
  how.flags = CLONE_PARENT | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID; // the signal at its end is that of the original
  how.child_tid = reinterpret_cast<uintptr_t>(record->number);
  auto made = ::syscall(SYS_clone3, &how, sizeof how);
  if (made < 0)
    return last_error("clone3");
  if (made > 0)
    return copy_side::original;
  ::syscall(SYS_set_robust_list, record->robust_list, record->robust_list_bytes);
  die_with_parent(parent);
  return copy_side::copy;
}

} // namespace bulkhead::platform
