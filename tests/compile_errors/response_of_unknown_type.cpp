// error: each part of a response needs a type id: add CAF_ADD_TYPE_ID for it to the application's block
#include "snippet.hpp"

bulkhead::awaitable<> bad(caf::event_based_actor* self, caf::actor peer) {
  co_await bulkhead::request<snippet::unknown>(self, peer, caf::infinite, 1);
}
