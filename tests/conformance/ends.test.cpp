// How actors end, and who learns of it.

#include "conformance/actors.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace conformance;
using namespace test_support;

namespace {

using caf::exit_reason;

/// Tells `observer` the reason of each exit message and goes on.
caf::behavior survivor(caf::event_based_actor* self, caf::actor observer) {
  self->set_exit_handler([=](caf::exit_msg& exit) { self->send(observer, exit.reason); });
  return {
    [](int32_t number) { return number; },
  };
}

caf::behavior thrower(caf::event_based_actor*) {
  return {
    [](int32_t number) -> int32_t {
      if (number < 0)
        throw std::out_of_range{"negative"};
      return number;
    },
  };
}

caf::behavior short_lived(caf::event_based_actor* self) {
  return {
    [=](int32_t number) {
      self->quit();
      return number;
    },
  };
}

const known_actor survivor_known{bulkhead::heavy<"survivor", survivor>::add_to};
const known_actor thrower_known{bulkhead::heavy<"thrower", thrower>::add_to};
const known_actor short_lived_known{bulkhead::heavy<"short_lived", short_lived>::add_to};

std::vector<caf::error> deadly_reasons() {
  return {
    caf::make_error(exit_reason::unknown),
    caf::make_error(exit_reason::out_of_workers),
    caf::make_error(exit_reason::user_shutdown),
    caf::make_error(exit_reason::kill),
    caf::make_error(exit_reason::remote_link_unreachable),
    caf::make_error(exit_reason::unreachable),
    caf::make_error(caf::sec::invalid_argument, "with context", int32_t{42}),
    caf::make_error(bulkhead::errc::out_of_memory, std::string(200, 'x')),
  };
}

} // namespace

TEST_CASE("a monitor gets the reason with which an actor ended") {
  auto where = GENERATE(place::in_host, place::in_worker);
  auto by_itself = GENERATE(false, true);
  CAPTURE(where, by_itself);
  stage s{where};
  for (auto& reason : deadly_reasons()) {
    CAPTURE(to_string(reason));
    auto who = s.spawn_together("puppet");
    s.self->monitor(who);
    if (by_itself)
      s.self->send(who, caf::close_atom_v, reason);
    else
      s.self->send_exit(who, reason);
    REQUIRE(end_of(s.self, who) == reason);
  }
}

TEST_CASE("an exit message with the reason normal does not end an actor") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto who = s.spawn("echo");
  s.self->send_exit(who, exit_reason::normal);
  CHECK(ask<int32_t>(s.self, who, int32_t{1}) == 1);
}

TEST_CASE("an actor that handles exit messages survives all but kill") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto who = s.spawn("survivor", caf::actor_cast<caf::actor>(s.self));
  s.self->monitor(who);
  for (auto& reason : deadly_reasons()) {
    CAPTURE(to_string(reason));
    if (reason == exit_reason::kill)
      continue;
    s.self->send_exit(who, reason);
    REQUIRE(next<caf::error>(s.self) == reason);
  }
  CHECK(ask<int32_t>(s.self, who, int32_t{1}) == 1);
  s.self->send_exit(who, exit_reason::kill);
  CHECK(end_of(s.self, who) == caf::make_error(exit_reason::kill));
}

TEST_CASE("an actor that quits after its answer ends normally") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto who = s.spawn("short_lived");
  s.self->monitor(who);
  CHECK(ask<int32_t>(s.self, who, int32_t{1}) == 1);
  auto reason = end_of(s.self, who);
  REQUIRE(reason);
  CHECK(!*reason);
}

TEST_CASE("an actor whose handler throws ends with runtime_error, others of its process go on") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto who = s.spawn_together("thrower");
  auto neighbor = s.spawn_together("thrower");
  s.self->monitor(who);
  CHECK(ask<int32_t>(s.self, who, int32_t{1}) == 1);
  s.self->send(who, int32_t{-1});
  CHECK(end_of(s.self, who) == caf::make_error(caf::sec::runtime_error));
  CHECK(ask<int32_t>(s.self, neighbor, int32_t{1}) == 1);
}

TEST_CASE("a monitor that comes too late gets the real reason") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto reason = caf::make_error(caf::sec::invalid_argument, "why");
  auto who = s.spawn("echo");
  auto observer = s.sys.spawn(puppet);
  SECTION("of a worker, in the host") {}
  SECTION("of a worker, in another worker") {
    observer = s.spawn("puppet");
  }
  SECTION("of the host, in a worker") {
    who = s.sys.spawn(echo);
    observer = s.spawn("puppet");
  }
  SECTION("of the same worker") {
    who = s.spawn_together("echo");
    observer = s.spawn_together("puppet");
  }
  s.self->monitor(who);
  s.self->send_exit(who, reason);
  CHECK(end_of(s.self, who) == reason);
  s.self->send(observer, caf::monitor_atom_v, who);
  CHECK(next<caf::error>(s.self) == reason);
}

TEST_CASE("an actor in a worker monitors actors anywhere") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto reason = caf::make_error(exit_reason::user_shutdown);
  auto observer = s.spawn_together("puppet");
  auto who = s.spawn("echo");
  SECTION("of another worker") {}
  SECTION("of the host") {
    who = s.sys.spawn(echo);
  }
  SECTION("of its own worker") {
    who = s.spawn_together("echo");
  }
  REQUIRE(ask<void>(s.self, observer, caf::monitor_atom_v, who));
  s.self->send_exit(who, reason);
  CHECK(next<caf::error>(s.self) == reason);
}

TEST_CASE("monitors that are taken back stay silent") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto who = s.spawn("echo");
  auto other = s.spawn("echo");
  s.self->monitor(who);
  s.self->demonitor(who);
  s.self->monitor(other);
  s.self->send_exit(who, exit_reason::user_shutdown);
  CHECK(eventually([&] { return ask<int32_t>(s.self, who, int32_t{1}) == caf::sec::request_receiver_down; }));
  s.self->send_exit(other, exit_reason::kill);
  CHECK(end_of(s.self, other) == caf::make_error(exit_reason::kill));
}

TEST_CASE("requests that wait in the mailbox of an actor that ends are answered") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto who = s.spawn("short_lived");
  auto first = s.self->request(who, patience, int32_t{1});
  auto second = s.self->request(who, patience, int32_t{2});
  first.receive([](int32_t x) { CHECK(x == 1); }, [](caf::error& why) { FAIL(to_string(why)); });
  caf::error reason;
  second.receive([](int32_t) { FAIL("answered"); }, [&](caf::error& why) { reason = std::move(why); });
  CHECK(reason == caf::sec::request_receiver_down);
}
