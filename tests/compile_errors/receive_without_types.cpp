// error: name the types of the message: receive<int32_t>(self)
#include "snippet.hpp"

bulkhead::awaitable<> bad(caf::event_based_actor* self) {
  co_await bulkhead::receive(self);
}
