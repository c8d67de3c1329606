// error: this takes a coroutine, a future or a request: call the function that is a coroutine
#include "snippet.hpp"

void bad(bulkhead::task_group group) {
  group.add([]() -> bulkhead::awaitable<> { co_return; });
}
