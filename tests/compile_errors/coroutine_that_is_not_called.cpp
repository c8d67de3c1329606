// error: this takes what a coroutine returns: call the function
#include "snippet.hpp"

void bad(caf::event_based_actor* self) {
  bulkhead::co_spawn(self, []() -> bulkhead::awaitable<> { co_return; });
}
