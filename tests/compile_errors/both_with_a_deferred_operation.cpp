// error: give operations of Asio the token bulkhead::use_awaitable
#include "snippet.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

bulkhead::awaitable<> bad(boost::asio::steady_timer& timer, bulkhead::future<int32_t> sum) {
  co_await (timer.async_wait(boost::asio::deferred) && sum);
}
