#pragma once

namespace bulkhead::shm {

/// Prints the sentence to stderr and aborts.
[[noreturn]] void invariant_broken(const char* sentence) noexcept;

/// Asserts, in every build, what only a bug of this process can break. Never for what another process wrote.
inline void invariant(bool holds, const char* sentence) noexcept {
  if (!holds) [[unlikely]]
    invariant_broken(sentence);
}

} // namespace bulkhead::shm
