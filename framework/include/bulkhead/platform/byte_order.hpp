#pragma once

#include <cstddef>

namespace bulkhead::platform {

/// Copy numbers of 16, 32 or 64 bits between this machine's order of bytes and big endian, with AVX2 where the processor has
/// it.
///
/// Thread safety: as memcpy.
/// @param to    not aligned in any way; may be `from`, but may not overlap it otherwise.
/// @param from  not aligned in any way.
/// @param count of numbers.
void copy_big_endian_16(std::byte* to, const std::byte* from, size_t count) noexcept;
void copy_big_endian_32(std::byte* to, const std::byte* from, size_t count) noexcept;
void copy_big_endian_64(std::byte* to, const std::byte* from, size_t count) noexcept;

} // namespace bulkhead::platform
