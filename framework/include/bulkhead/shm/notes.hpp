#pragma once

#include <cstddef>
#include <cstdint>

namespace bulkhead::shm {

// Single words that one process leaves for the other in its own region. Any thread may call these, a signal handler too.
// What stands in a foreign region is input: any value may come.

/// Leaves the code of the reason for which this process is about to die; the first one stays.
void leave_last_words(std::byte* own_region, uint32_t cause) noexcept;

/// @returns the code that the region's owner left, zero if none.
[[nodiscard]] uint32_t last_words(const std::byte* region) noexcept;

/// Tells the peer how many loops compete for the machine's cores.
void give_hint(std::byte* own_region, uint32_t competing_loops) noexcept;

/// @returns the number that the region's owner gave last, zero if none.
[[nodiscard]] uint32_t hint(const std::byte* region) noexcept;

/// @returns whether the region's owner sleeps, as reader of its peer's lanes; may be outdated at once.
[[nodiscard]] bool sleeps(const std::byte* region) noexcept;

} // namespace bulkhead::shm
