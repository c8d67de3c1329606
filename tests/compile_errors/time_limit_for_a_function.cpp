// error: this takes a coroutine, a future or a request: call the function that is a coroutine
#include "snippet.hpp"

bulkhead::awaitable<> bad() {
  co_await bulkhead::with_timeout([]() -> bulkhead::awaitable<> { co_return; }, std::chrono::seconds{1});
}
