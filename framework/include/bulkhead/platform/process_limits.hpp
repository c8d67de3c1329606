#pragma once

#include "bulkhead/platform/os_error.hpp"

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

} // namespace bulkhead::platform
