// Links: who ends drags the other along, on either side of a process boundary.

#include "conformance/actors.hpp"

#include <catch2/catch.hpp>

using namespace conformance;
using namespace test_support;

namespace {

using caf::exit_reason;

/// Two linked actors: `first` asked for the link.
struct couple {
  caf::actor first;
  caf::actor second;
};

// Links puppets in every combination of places.
couple make_couple(stage& s, int combination) {
  auto make = [&](bool in_host) { return in_host ? s.sys.spawn(puppet) : s.spawn("puppet"); };
  couple result;
  if (combination < 4)
    result = {make((combination & 1) != 0), make((combination & 2) != 0)};
  else
    result = {s.spawn_together("puppet"), s.spawn_together("puppet")};
  REQUIRE(ask<void>(s.self, result.first, caf::link_atom_v, result.second));
  return result;
}

constexpr int combinations = 5;

} // namespace

TEST_CASE("the end of a linked actor ends the other with the same reason") {
  auto where = GENERATE(place::in_host, place::in_worker);
  auto combination = GENERATE(range(0, combinations));
  CAPTURE(where, combination);
  stage s{where};
  auto reason = GENERATE(caf::make_error(exit_reason::user_shutdown), caf::make_error(caf::sec::invalid_argument, "x"));
  auto pair = make_couple(s, combination);
  SECTION("of the actor that asked for the link") {
    s.self->monitor(pair.second);
    s.self->send(pair.first, caf::close_atom_v, reason);
    CHECK(end_of(s.self, pair.second) == reason);
  }
  SECTION("of the other actor") {
    s.self->monitor(pair.first);
    s.self->send(pair.second, caf::close_atom_v, reason);
    CHECK(end_of(s.self, pair.first) == reason);
  }
  SECTION("of the other actor, long after the last message") {
    s.self->monitor(pair.first);
    CHECK(ask<int32_t>(s.self, s.spawn("keeper"), caf::wait_for_atom_v, long_after) == 7);
    s.self->send(pair.second, caf::close_atom_v, reason);
    CHECK(end_of(s.self, pair.first) == reason);
  }
}

TEST_CASE("the normal end of a linked actor leaves the other alone") {
  auto where = GENERATE(place::in_host, place::in_worker);
  auto combination = GENERATE(range(0, combinations));
  CAPTURE(where, combination);
  stage s{where};
  auto pair = make_couple(s, combination);
  auto end = [&](const caf::actor& gone, const caf::actor& left) {
    s.self->monitor(gone);
    s.self->send(gone, caf::close_atom_v, caf::error{});
    REQUIRE(end_of(s.self, gone));
    // Two rounds through the actor that is left: an exit message would have come before the second.
    for (int i = 0; i < 2; ++i)
      CHECK(ask<std::string>(s.self, left, caf::get_atom_v, s.sys.spawn(echo), std::string{"alive"})
            == std::string{"alive"});
  };
  SECTION("of the actor that asked for the link") {
    end(pair.first, pair.second);
  }
  SECTION("of the other actor") {
    end(pair.second, pair.first);
  }
}

TEST_CASE("a link that is taken back does nothing") {
  auto where = GENERATE(place::in_host, place::in_worker);
  auto combination = GENERATE(range(0, combinations));
  CAPTURE(where, combination);
  stage s{where};
  auto pair = make_couple(s, combination);
  auto [gone, left] = pair;
  SECTION("by the actor that asked for it, whose partner ends") {
    std::swap(gone, left);
    REQUIRE(ask<void>(s.self, pair.first, caf::unlink_atom_v, pair.second));
  }
  SECTION("by the actor that asked for it, which ends") {
    REQUIRE(ask<void>(s.self, pair.first, caf::unlink_atom_v, pair.second));
  }
  SECTION("by the other, whose partner ends") {
    // It learns of the link by a record of its own, which a message from its partner cannot overtake.
    REQUIRE(ask<std::string>(s.self, pair.first, caf::get_atom_v, s.sys.spawn(echo), std::string{"x"}));
    REQUIRE(ask<void>(s.self, pair.second, caf::unlink_atom_v, pair.first));
  }
  SECTION("long after the last message") {
    CHECK(ask<int32_t>(s.self, s.spawn("keeper"), caf::wait_for_atom_v, long_after) == 7);
    REQUIRE(ask<void>(s.self, pair.first, caf::unlink_atom_v, pair.second));
  }
  SECTION("at once, over and over") {
    for (int i = 0; i < 20; ++i) {
      s.self->send(pair.first, caf::unlink_atom_v, pair.second);
      s.self->send(pair.first, caf::link_atom_v, pair.second);
    }
    REQUIRE(ask<void>(s.self, pair.first, caf::unlink_atom_v, pair.second));
  }
  s.self->monitor(gone);
  s.self->send(gone, caf::close_atom_v, caf::make_error(exit_reason::user_shutdown));
  REQUIRE(end_of(s.self, gone));
  for (int i = 0; i < 2; ++i)
    CHECK(ask<std::string>(s.self, left, caf::get_atom_v, s.sys.spawn(echo), std::string{"alive"})
          == std::string{"alive"});
}

TEST_CASE("a link to a dead actor ends the one that asked for it") {
  auto where = GENERATE(place::in_host, place::in_worker);
  auto combination = GENERATE(range(0, combinations));
  CAPTURE(where, combination);
  stage s{where};
  auto pair = make_couple(s, combination);
  REQUIRE(ask<void>(s.self, pair.first, caf::unlink_atom_v, pair.second));
  auto reason = caf::make_error(caf::sec::invalid_argument, "x");
  s.self->monitor(pair.second);
  s.self->send_exit(pair.second, reason);
  REQUIRE(end_of(s.self, pair.second) == reason);
  s.self->monitor(pair.first);
  s.self->send(pair.first, caf::link_atom_v, pair.second);
  CHECK(end_of(s.self, pair.first) == reason);
}
