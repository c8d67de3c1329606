#pragma once

#include <cstddef>
#include <iosfwd>

namespace test_support {

/// What this process has at the moment.
struct holdings {
  size_t heap_bytes;
  size_t descriptors;
  size_t threads;
};

[[nodiscard]] holdings held_now();

std::ostream& operator<<(std::ostream& out, const holdings& what);

} // namespace test_support
