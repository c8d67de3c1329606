// Actors that are composed of others, `f * g`: the answer of g passes f, whose handle travels beside the content. Would catch: an actor
// that stays alive because its handle left the process uncounted.

#include "conformance/actors.hpp"

#include <catch2/catch.hpp>

using namespace conformance;
using namespace test_support;

namespace {

caf::behavior plus(caf::event_based_actor*, int32_t x) {
  return {
    [=](int32_t y) { return x + y; },
    [](const std::string& text) { return text; },
  };
}

const known_actor plus_known{bulkhead::heavy<"plus", plus>::add_to};

} // namespace

TEST_CASE("a composed actor answers through all of its parts, and keeps none of them after its end") {
  auto first = GENERATE(place::in_host, place::in_worker);
  auto second = GENERATE(place::in_host, place::in_worker);
  CAPTURE(first, second);
  stage s{place::in_worker};
  auto spawn = [&](place where, int32_t x) {
    return where == place::in_host ? s.sys.spawn(plus, x) : s.spawn<caf::actor>("plus", x);
  };
  auto inner = spawn(first, 1);
  auto outer = spawn(second, 2);
  s.self->monitor(inner);
  s.self->monitor(outer);
  {
    auto both = outer * inner;
    for (int32_t i = 0; i < 100; ++i)
      REQUIRE(ask<int32_t>(s.self, both, i) == i + 3);
    CHECK(ask<std::string>(s.self, both, std::string(200, 'x')) == std::string(200, 'x'));
  }
  inner = nullptr;
  outer = nullptr;
  CHECK(next<caf::down_msg>(s.self));
  CHECK(next<caf::down_msg>(s.self));
}
