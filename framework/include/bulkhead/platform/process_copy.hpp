#pragma once

#include "bulkhead/platform/os_error.hpp"

namespace bulkhead::platform {

/// Which of the two a process is, after it was copied.
enum class copy_side { original, copy };

/// Whether `copy_process` can work here.
/// @returns EBUSY if this process has more than one thread: of the others a copy would have only the locks that they hold; the error
///          of prctl(PR_GET_TID_ADDRESS) or get_robust_list if the kernel lacks it.
[[nodiscard]] result<void> can_copy_process();

/// Makes a copy of this process, as fork(2) does, but as another child of this process's *parent*, which can wait for it. The copy gets
/// SIGKILL when that thread ends which started this process. It has the descriptors of the original, its memory (copied when it
/// is written to), and one thread, which goes on here.
///
/// Not for processes with threads, see `can_copy_process`. Streams of <cstdio> should be flushed before, or both print what waits. Functions
/// that were given to pthread_atfork(3) are not called.
/// @returns in both; in the original only EAGAIN or ENOMEM if there is no room for another process, and what `can_copy_process` returns
///          but for EBUSY.
[[nodiscard]] result<copy_side> copy_process();

} // namespace bulkhead::platform
