#include "bulkhead/coroutine.hpp"

#include "bulkhead/errors.hpp"
#include "bulkhead/platform/saturating.hpp"

#include <boost/asio/basic_waitable_timer.hpp>

#include <chrono>

namespace bulkhead {

namespace detail {

caf::error cancelled() {
  return caf::make_error(errc::cancelled, "the coroutine was cancelled");
}

void time_out() {
  throw failure{caf::make_error(caf::sec::request_timeout)};
}

std::chrono::nanoseconds time_until(std::chrono::steady_clock::time_point deadline) {
  auto now = std::chrono::steady_clock::now();
  return deadline > now ? deadline - now : std::chrono::nanoseconds{0};
}

std::chrono::steady_clock::time_point deadline_in(std::chrono::nanoseconds how_long) {
  return platform::saturating_sum(std::chrono::steady_clock::now(), how_long);
}

} // namespace detail

awaitable<> delay(std::chrono::nanoseconds how_long) {
  using clock = std::chrono::steady_clock;
  boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>, actor_executor> timer{
    co_await boost::asio::this_coro::executor, std::chrono::ceil<clock::duration>(how_long)};
  co_await timer.async_wait(boost::asio::deferred);
}

} // namespace bulkhead
