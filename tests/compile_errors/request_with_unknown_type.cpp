// error: each part of a message needs a type id: add CAF_ADD_TYPE_ID for it to the application's block
#include "snippet.hpp"

bulkhead::awaitable<> bad(caf::event_based_actor* self, caf::actor peer) {
  co_await bulkhead::request<int32_t>(self, peer, caf::infinite, snippet::unknown{});
}
