#pragma once

#include <cstdint>

namespace bulkhead::platform {

/// Nanoseconds since some moment in the past; never goes back, is the same clock in every process, stands still while the
/// machine is suspended. Needs no system call.
[[nodiscard]] uint64_t now_ns() noexcept;

/// The same clock as of its last tick, some milliseconds ago at most: a fifth of the cost.
[[nodiscard]] uint64_t coarse_now_ns() noexcept;

/// Milliseconds since 1970: for people, since the clock may be set.
[[nodiscard]] uint64_t unix_now_ms() noexcept;

/// Tells the processor that this thread spins, so that its sibling gets the resources.
inline void cpu_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  asm volatile("yield" ::: "memory");
#else
  asm volatile("" ::: "memory");
#endif
}

/// Lets another thread run that waits for this processor.
void yield_cpu() noexcept;

} // namespace bulkhead::platform
