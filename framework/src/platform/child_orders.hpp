#pragma once

#include "bulkhead/platform/process.hpp"

namespace bulkhead::platform {

/// What a new process has to do before it executes its program, all of it made ready by the parent.
///
/// The child runs in the parent's memory while other threads of the parent go on, so it may not allocate, take a lock or
/// run anything that a sanitizer has instrumented. It sees raw pointers, makes raw system calls, and leaves behind
/// the call that failed.
struct child_orders {
  /// Numbers that are no one's target, `first` and `last` included.
  struct closed_range {
    unsigned first;
    unsigned last;
  };

  /// Tried in turn; ends with a null pointer, as the next two do.
  const char* const* programs;
  const char* const* arguments;
  const char* const* environment;

  /// Null: stay.
  const char* working_directory;

  const process_spec::passed_fd* passed;

  /// Room for the sources' copies above all targets, one for each entry of `passed`.
  int* staged;
  size_t passed_count;

  /// First number above all targets.
  int first_free;

  const closed_range* closed;
  size_t closed_count;

  pid_t parent;

  /// Blocked when the program begins.
  signal_set blocked;

  /// Written by the child: the call that failed, null if none.
  const char* failed_call;
  int failed_errno;
};

/// Follows `orders`, a `child_orders*`. Returns if it could not. Runs with all signals blocked.
int run_child(void* orders) noexcept;

} // namespace bulkhead::platform
