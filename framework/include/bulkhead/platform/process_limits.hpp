#pragma once

#include "bulkhead/platform/os_error.hpp"

#include <chrono>
#include <cstdint>

namespace bulkhead::platform {

/// Bytes of private writable memory that this process has reserved (VmData: heap, thread stacks, what a sanitizer takes),
/// 0 if the system does not tell. Shared memory does not count.
[[nodiscard]] uint64_t data_bytes_now();

/// Lets this process reserve `max` bytes of private writable memory more than `data_bytes_now()`; beyond that
/// allocation fails (`std::bad_alloc`). Relative, because what is reserved at the start differs between builds. Stands for
/// the rest of the process's life and for programs that it executes: the hard limit is lowered too.
/// @returns the call that failed: "/proc/self/status" with ENOSYS if there is none, or "setrlimit".
[[nodiscard]] result<void> limit_data_bytes(uint64_t max);

/// What a process may use that reads files which a stranger has chosen.
struct helper_limits {
  /// As of `limit_data_bytes`.
  uint64_t data_bytes;
  /// Of address space, besides what it has: files that are mapped count, too.
  uint64_t address_bytes;
  std::chrono::seconds processor_time;
  /// Numbers of descriptors are below.
  unsigned descriptors;
};

/// From now on this process has no more than that. It writes no file and no core.
/// @returns as `limit_data_bytes`.
[[nodiscard]] result<void> limit_helper(const helper_limits& what);

} // namespace bulkhead::platform
