#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace fuzz {

using octets = std::vector<std::byte>;

/// Something that reads bytes of another process.
struct target {
  const char* name;
  /// Must return, whatever stands there.
  void (*run)(std::span<const std::byte> input);
  /// Input that is worth changing.
  std::vector<octets> (*seeds)();
};

[[nodiscard]] std::span<const target> targets();

/// Null if there is none of that name.
[[nodiscard]] const target* find_target(const std::string& name);

} // namespace fuzz
