// error: a coroutine awaits bulkhead::request(self, ...), not self->request(...)
#include "snippet.hpp"

bulkhead::awaitable<> bad(caf::event_based_actor* self, caf::actor peer) {
  co_await self->request(peer, caf::infinite, 1);
}
