#include "support/stage.hpp"

#include <catch2/catch.hpp>

#include <fstream>

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

TEST_CASE("what waits behind a handler that hangs is run by another thread of the host") {
  host_fixture here{2};
  caf::scoped_actor self{here.sys};
  for (int round = 0; round < 20; ++round) {
    gate own;
    auto opener = here.sys.spawn(
      [](caf::event_based_actor*) -> caf::behavior { return {[](const std::string& path) { std::ofstream{path}; }}; });
    // It waits for one that only its own thread knows to be runnable.
    auto hangs = here.sys.spawn([&, path = own.path()](caf::event_based_actor* me) -> caf::behavior {
      return {[=](caf::ok_atom) {
        me->send(opener, path);
        return gate::wait_for(path);
      }};
    });
    CHECK(ask<bool>(self, hangs, caf::ok_atom_v) == true);
  }
}
