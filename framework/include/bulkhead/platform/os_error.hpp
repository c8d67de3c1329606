#pragma once

#ifndef __linux__
#error "Bulkhead needs Linux: it is built on sealed memfds, eventfds and pidfds, which other systems do not have"
#endif

#include <boost/system/result.hpp>

#include <iosfwd>
#include <string>

namespace bulkhead::platform {

/// A system call that failed, as a value.
/// Thread safety and lifetime: a plain value; `call` must be a string literal or live as long.
struct os_error {
  // A constructor and not an aggregate: an aggregate of these members could be made from one number, and then
  // `result<size_t>` could not tell a value from an error.
  constexpr os_error() noexcept = default;
  constexpr os_error(int errno_value, const char* failed_call) noexcept : number(errno_value), call(failed_call) {}

  /// The `errno` that the call left.
  int number = 0;

  /// Name of the call, for people.
  const char* call = "";

  /// A sentence for people: "memfd_create: Cannot allocate memory".
  [[nodiscard]] std::string message() const;
};

/// Equal if the number and the name of the call are.
[[nodiscard]] bool operator==(const os_error& left, const os_error& right) noexcept;

/// Writes `message()`.
std::ostream& operator<<(std::ostream& stream, const os_error& error);

/// A value, or the system call that could not produce it.
template <class T>
using result = boost::system::result<T, os_error>;

/// The error that the calling thread's `errno` describes. Call it before anything else can change `errno`.
[[nodiscard]] os_error last_error(const char* call) noexcept;

/// What `result::value()` does with an error that its caller did not look at: throws `std::system_error`.
[[noreturn]] void throw_exception_from_error(const os_error& error, const boost::source_location& location);

} // namespace bulkhead::platform
