#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <limits>

// Sums of options, which may hold the largest value of their type: they stop there instead of overflowing.

namespace bulkhead::platform {

template <std::unsigned_integral T>
[[nodiscard]] constexpr T saturating_sum(T x, T y) noexcept {
  return y > std::numeric_limits<T>::max() - x ? std::numeric_limits<T>::max() : static_cast<T>(x + y);
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr T saturating_product(T x, T y) noexcept {
  return x != 0 && y > std::numeric_limits<T>::max() / x ? std::numeric_limits<T>::max() : static_cast<T>(x * y);
}

/// `what` in another unit, or the largest or smallest value of that.
template <class To, class Rep, class Period>
[[nodiscard]] constexpr To saturating_cast(std::chrono::duration<Rep, Period> what) noexcept {
  using wide = std::chrono::duration<long double, typename To::period>;
  if (wide{what} >= wide{To::max()})
    return To::max();
  if (wide{what} <= wide{To::min()})
    return To::min();
  return std::chrono::duration_cast<To>(what);
}

/// `delay` after `from`. A negative delay counts as none.
template <class Clock, class Duration, class Rep, class Period>
[[nodiscard]] constexpr std::chrono::time_point<Clock, Duration>
saturating_sum(std::chrono::time_point<Clock, Duration> from, std::chrono::duration<Rep, Period> delay) noexcept {
  using point = std::chrono::time_point<Clock, Duration>;
  auto by = saturating_cast<Duration>(delay);
  if (by <= Duration::zero())
    return from;
  return by > point::max() - std::max(from, point{}) ? point::max() : from + by;
}

} // namespace bulkhead::platform
