#pragma once

#include <cstdint>

namespace bulkhead::platform {

/// Measures what it costs to wake a sleeping thread through an eventfd and to be woken by it in return, in nanoseconds:
/// the time for which spinning is as cheap as sleeping. Takes about a millisecond.
/// @returns the median; 0 if the system refuses a descriptor or a thread.
[[nodiscard]] uint32_t measure_wakeup_ns();

} // namespace bulkhead::platform
