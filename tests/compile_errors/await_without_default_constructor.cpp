// error: use as_expected(...)
#include "snippet.hpp"

bulkhead::awaitable<> bad(bulkhead::future<snippet::ticket> x) {
  co_await x;
}
