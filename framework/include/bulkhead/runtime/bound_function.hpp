#pragma once

#include <caf/message.hpp>

#include <cstdint>

namespace bulkhead {

/// A function of this program with its arguments, to be run in a worker: made by `bulkhead::call<&function>(args...)`.
struct bound_function {
  /// Names the function; 0: none.
  uint64_t function = 0;
  /// What it is called with.
  caf::message arguments = {};

  /// Whether they are the same, or copies of each other: arguments are not compared by value.
  friend bool operator==(const bound_function& x, const bound_function& y) noexcept {
    return x.function == y.function && x.arguments.cptr() == y.arguments.cptr();
  }
};

} // namespace bulkhead
