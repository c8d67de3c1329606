// error: give operations of Asio the token bulkhead::use_awaitable
#include "snippet.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

bulkhead::awaitable<> bad(boost::asio::steady_timer& timer) {
  co_await (bulkhead::delay(std::chrono::seconds{1}) || timer.async_wait(boost::asio::deferred));
}
