#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>

namespace bulkhead::runtime {

/// One timer for many demands: it rings at the earliest, then at what `ring` returns.
///
/// Thread safety: of the thread that runs `io`. Lifetime: `io` runs no handler of it after its end.
class alarm {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// @param ring called at each time that was demanded, or once for several; returns the next time, or `time_point::max()`.
  alarm(boost::asio::io_context& io, std::function<time_point()> ring);

  /// Rings at `when` at the latest.
  void demand(time_point when);

private:
  boost::asio::steady_timer timer_;
  const std::function<time_point()> ring_;
  /// Until the handler of that time has begun, however late it is: to set the timer anew would take that back.
  time_point rings_at_ = time_point::max();
};

} // namespace bulkhead::runtime
