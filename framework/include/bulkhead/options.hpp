#pragma once

#include "bulkhead/runtime/worker_options.hpp"

namespace bulkhead {

/// Suffixes for sizes in bytes.
namespace literals {

/// Units of 1024 bytes.
/// @param count how many.
constexpr uint64_t operator""_KiB(unsigned long long count) {
  return uint64_t{count} << 10;
}

/// Units of 1024 KiB.
/// @param count how many.
constexpr uint64_t operator""_MiB(unsigned long long count) {
  return uint64_t{count} << 20;
}

/// Units of 1024 MiB.
/// @param count how many.
constexpr uint64_t operator""_GiB(unsigned long long count) {
  return uint64_t{count} << 30;
}

} // namespace literals

} // namespace bulkhead
