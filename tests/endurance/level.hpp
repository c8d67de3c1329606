#pragma once

#include "support/holdings.hpp"
#include "support/stage.hpp"

#include <cstddef>
#include <functional>

namespace endurance {

/// How many monitors, links and other observers `actor` carries.
[[nodiscard]] size_t observers_of(const caf::strong_actor_ptr& actor);

struct rounds {
  /// Fill what has a bound of its own, such as the memory of who has ended.
  size_t first;
  size_t more;
  /// Of heap, in bytes, that each of `more` may leave at most. A node of a list is larger.
  size_t bytes_max = 16;
};

/// Runs `round` again and again.
/// @returns whether what this process has was soon level again, the third time at the latest.
[[nodiscard]] bool stays_level(const rounds& how, const std::function<void(size_t)>& round);

} // namespace endurance
