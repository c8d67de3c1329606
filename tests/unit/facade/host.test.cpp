#include "support/stage.hpp"

#include <catch2/catch.hpp>

using namespace test_support;

TEST_CASE("the host serves with each way of waiting") {
  for (auto wait : {"adaptive", "park", "busy"}) {
    CAPTURE(wait);
    host_fixture::configuration cfg{2};
    cfg.set("bulkhead.wait", wait);
    cfg.set("bulkhead.spin-ns", 20'000);
    caf::actor_system sys{cfg};
    auto adder = bulkhead::host::of(sys).spawn("adder");
    REQUIRE(adder);
    caf::scoped_actor self{sys};
    for (int32_t i = 0; i < 100; ++i)
      CHECK(ask<int32_t>(self, *adder, i, int32_t{1}) == i + 1);
  }
}

TEST_CASE("a way of waiting that does not exist is refused with those that do") {
  host_fixture::configuration cfg{2};
  cfg.set("bulkhead.wait", "sometimes");
  caf::actor_system sys{cfg};
  auto adder = bulkhead::host::of(sys).spawn("adder");
  REQUIRE_FALSE(adder);
  CHECK(adder.error() == bulkhead::errc::invalid_option);
  CHECK_THAT(to_string(adder.error()), Catch::Contains("adaptive, park or busy, and is sometimes"));
}

TEST_CASE("a folder for certificates that may hold none is refused") {
  host_fixture::configuration cfg{2};
  cfg.set("bulkhead.certificates-max", 0);
  caf::actor_system sys{cfg};
  auto adder = bulkhead::host::of(sys).spawn("adder");
  REQUIRE_FALSE(adder);
  CHECK(adder.error() == bulkhead::errc::invalid_option);
  CHECK_THAT(to_string(adder.error()), Catch::Contains("certificates-max"));
}

TEST_CASE("a mark in a host goes nowhere") {
  bulkhead::mark("nobody will read this");
  CHECK_FALSE(bulkhead::is_worker());
}

namespace {

caf::behavior adder(caf::event_based_actor*) {
  return {[](int32_t x, int32_t y) { return x + y; }};
}

const known_actor adder_known{bulkhead::heavy<"adder", adder>::add_to};

} // namespace
