// Catches an awaited thing whose value, or whose error, does not reach the coroutine.
#include "support/stage.hpp"

#include <bulkhead/coroutine.hpp>

#include <catch2/catch.hpp>

using namespace test_support;
using bulkhead::awaitable;
using namespace std::chrono_literals;

namespace {

caf::behavior doubler() {
  return {[](int32_t x) -> caf::result<int32_t> {
    if (x < 0)
      return caf::make_error(caf::sec::invalid_argument);
    return 2 * x;
  }};
}

awaitable<int32_t> doubled_twice(caf::event_based_actor* self, caf::actor peer, int32_t x) {
  auto y = co_await bulkhead::request<int32_t>(self, peer, patience, x);
  co_return co_await bulkhead::request<int32_t>(self, peer, patience, y);
}

} // namespace

TEST_CASE("a handler answers with a coroutine that awaits requests") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto peer = f.sys.spawn(doubler);
  auto server = f.sys.spawn([peer](caf::event_based_actor* me) -> caf::behavior {
    return {[=](int32_t x) { return bulkhead::co_respond(me, doubled_twice(me, peer, x)); }};
  });
  CHECK(ask<int32_t>(self, server, int32_t{5}) == 20);
  CHECK(ask<int32_t>(self, server, int32_t{-5}).error() == caf::sec::invalid_argument);
}
