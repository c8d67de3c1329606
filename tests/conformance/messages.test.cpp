// What reaches an actor, and how.

#include "conformance/actors.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace conformance;
using namespace test_support;

namespace {

caf::behavior collector(caf::event_based_actor* self) {
  auto seen = std::make_shared<std::vector<int32_t>>();
  return {
    [=](int32_t number) { seen->push_back(number); },
    [=](caf::put_atom, const caf::actor& to, int32_t number) { self->send(to, number); },
    [=](caf::get_atom) { return *seen; },
  };
}

caf::behavior strict(caf::event_based_actor*) {
  return {
    [](int32_t number) { return number; },
  };
}

caf::behavior reflector(caf::event_based_actor* self) {
  self->set_default_handler(caf::reflect);
  return {
    [](int32_t number) { return number; },
  };
}

caf::behavior late_riser(caf::event_based_actor* self) {
  self->set_default_handler(caf::skip);
  return {
    [=](caf::ok_atom) { self->become([](int32_t number) { return 2 * number; }); },
  };
}

// Says that it waits at a gate, so that the messages behind come at once, and then answers how many others came before an
// urgent one.
caf::behavior gatekeeper(caf::event_based_actor* self) {
  auto others = std::make_shared<int32_t>(0);
  auto before = std::make_shared<int32_t>(-1);
  return {
    [=](caf::wait_for_atom, const std::string& path) {
      self->send(caf::actor_cast<caf::actor>(self->current_sender()), caf::ok_atom_v);
      if (!gate::wait_for(path))
        self->quit(caf::sec::runtime_error);
    },
    [=](int32_t) { ++*others; },
    [=](caf::tick_atom) { *before = *others; },
    [=](caf::get_atom) { return *before; },
  };
}

const known_actor collector_known{bulkhead::heavy<"collector", collector>::add_to};
const known_actor strict_known{bulkhead::heavy<"strict", strict>::add_to};
const known_actor reflector_known{bulkhead::heavy<"reflector", reflector>::add_to};
const known_actor late_riser_known{bulkhead::heavy<"late_riser", late_riser>::add_to};
const known_actor gatekeeper_known{bulkhead::heavy<"gatekeeper", gatekeeper>::add_to};

} // namespace

TEST_CASE("what is sent arrives in the order of sending, whoever sends") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("collector");
  s.self->send(to, int32_t{1});
  s.self->anon_send(to, int32_t{2});
  s.self->send(to, int32_t{3});
  CHECK(ask<std::vector<int32_t>>(s.self, to, caf::get_atom_v) == std::vector<int32_t>{1, 2, 3});
}

TEST_CASE("an actor sends to actors that it was told of") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto from = s.spawn("collector");
  SECTION("to one in the host") {
    s.self->send(from, caf::put_atom_v, caf::actor_cast<caf::actor>(s.self), int32_t{5});
    CHECK(next<int32_t>(s.self) == 5);
  }
  SECTION("to itself") {
    s.self->send(from, caf::put_atom_v, from, int32_t{6});
    CHECK(eventually([&] { return ask<std::vector<int32_t>>(s.self, from, caf::get_atom_v)->size() == 1; }));
  }
  SECTION("to one in another worker") {
    auto to = s.spawn("collector");
    s.self->send(from, caf::put_atom_v, to, int32_t{7});
    CHECK(eventually([&] { return ask<std::vector<int32_t>>(s.self, to, caf::get_atom_v)->size() == 1; }));
  }
}

TEST_CASE("the receiver sees who sent a message") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto me = caf::actor_cast<caf::strong_actor_ptr>(s.self);
  CHECK(ask<caf::strong_actor_ptr>(s.self, s.spawn("echo"), caf::get_atom_v) == me);
  CHECK(ask<caf::strong_actor_ptr>(s.self, s.spawn("relay", s.spawn("echo")), caf::get_atom_v) == me);
}

TEST_CASE("a request that no handler takes is answered with unexpected_message") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("strict");
  CHECK(ask<int32_t>(s.self, to, 2.5) == caf::sec::unexpected_message);
  CHECK(ask<int32_t>(s.self, to, int32_t{4}) == 4);
}

TEST_CASE("a default handler of its own gets what no handler takes") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("reflector");
  CHECK(ask<std::string>(s.self, to, std::string{"back"}) == std::string{"back"});
}

TEST_CASE("skipped messages wait until the behavior takes them") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("late_riser");
  auto first = s.self->request(to, patience, int32_t{1});
  auto second = s.self->request(to, patience, int32_t{2});
  s.self->send(to, caf::ok_atom_v);
  std::vector<int32_t> answers;
  auto failed = [](caf::error& reason) { FAIL(to_string(reason)); };
  first.receive([&](int32_t x) { answers.push_back(x); }, failed);
  second.receive([&](int32_t x) { answers.push_back(x); }, failed);
  CHECK(answers == std::vector<int32_t>{2, 4});
}

TEST_CASE("an urgent message overtakes those that wait") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("gatekeeper");
  gate door;
  s.self->send(to, caf::wait_for_atom_v, door.path());
  REQUIRE(next<caf::ok_atom>(s.self));
  constexpr int32_t others = 1'000; // more than a loop takes in a row
  for (int32_t i = 0; i < others; ++i)
    s.self->send(to, i);
  s.self->send<caf::message_priority::high>(to, caf::tick_atom_v);
  door.open();
  auto before = ask<int32_t>(s.self, to, caf::get_atom_v);
  REQUIRE(before);
  CHECK(*before >= 0);
  CHECK(*before < others);
}
