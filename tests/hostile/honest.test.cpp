// What honest workers do, and what no table of rights may forbid.

#include <catch2/catch.hpp>

#include "crash/actors.hpp"

#include <bulkhead/runtime/host_system.hpp>
#include <bulkhead/runtime/router.hpp>

#include <atomic>
#include <chrono>

using namespace crash;
using test_support::eventually;
using test_support::host_fixture;

TEST_CASE("an honest worker passes on one-way messages, once each, and the sender gets what comes of them") {
  std::atomic<int> got = 0;
  host_fixture f;
  auto relay = f.host.spawn("relay");
  auto other = f.host.spawn("relay");
  REQUIRE(relay);
  REQUIRE(other);
  auto sender = f.sys.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    return {[&, self](caf::get_atom) {
              for (int32_t i = 0; i < 100; ++i)
                self->send(*relay, caf::get_atom_v, *other, i);
            },
            [&](int32_t) { ++got; }};
  });
  for (auto i = 0; i < 10; ++i)
    caf::anon_send(sender, caf::get_atom_v);
  CHECK(eventually([&] { return got == 1000; }));
  CHECK(request_number(f.sys, *relay, caf::make_message(int32_t{1})));
  caf::anon_send_exit(sender, caf::exit_reason::user_shutdown);
}

TEST_CASE("an honest worker that passes requests on when they have lapsed lives on") {
  std::atomic<int> over = 0;
  host_fixture f;
  auto relay = f.host.spawn("relay");
  auto other = f.host.spawn("relay");
  REQUIRE(relay);
  REQUIRE(other);
  constexpr int count = 300;
  auto asker = f.sys.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    return {[&, self](caf::get_atom) {
      for (int32_t i = 0; i < count; ++i)
        self->request(*relay, std::chrono::milliseconds{1}, caf::update_atom_v, *other, i)
          .then([&over](int32_t) { ++over; }, [&over](const caf::error&) { ++over; });
    }};
  });
  caf::anon_send(asker, caf::get_atom_v);
  REQUIRE(eventually([&] { return over == count; }));
  // It passes all of them on now, one way or the other.
  caf::anon_send(*relay, caf::ok_atom_v);
  auto answer = request_number(f.sys, *relay, caf::make_message(int32_t{1}));
  CHECK((answer && *answer == 2));
  CHECK(f.host.live_workers() == 2);
  caf::anon_send_exit(asker, caf::exit_reason::user_shutdown);
}

TEST_CASE("an honest worker cannot tell the end of an actor that is not its own, and lives on") {
  host_fixture f;
  auto relay = f.host.spawn("relay");
  REQUIRE(relay);
  auto light = f.sys.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int32_t x) { return x + 1; }}; });
  auto told = request_number(f.sys, *relay, caf::make_message(caf::sys_atom_v, light, light));
  REQUIRE_FALSE(told);
  CHECK(told.error() == bulkhead::errc::encode_failed);
  auto answer = request_number(f.sys, *relay, caf::make_message(int32_t{1}));
  CHECK((answer && *answer == 2));
}

TEST_CASE("an honest worker that gave back the handle of a linked actor lives on when the link is undone") {
  host_fixture f;
  auto relay = f.host.spawn("relay");
  REQUIRE(relay);
  auto linked = f.sys.spawn([](caf::event_based_actor* self) -> caf::behavior {
    self->set_exit_handler([](caf::exit_msg&) {});
    return {[self](caf::link_atom, const caf::actor& whom) {
              self->link_to(whom);
              return int32_t{1};
            },
            [self](caf::unlink_atom, const caf::actor& whom) {
              self->unlink_from(whom);
              return int32_t{2};
            }};
  });
  auto other_holder = f.host.spawn("relay"); // else the host itself would not find the actor
  REQUIRE(other_holder);
  caf::anon_send(*other_holder, caf::update_atom_v, linked, int32_t{1});
  REQUIRE(request_number(f.sys, *other_holder, caf::make_message(int32_t{1})));
  REQUIRE(request_number(f.sys, linked, caf::make_message(caf::link_atom_v, *relay)));
  auto& exports = bulkhead::runtime::host_system::of(f.sys)->routes().exports();
  auto who = bulkhead::runtime::wire_address{bulkhead::transport::host_process, linked.id()};
  REQUIRE(exports.holds(who, 1)); // the worker is the first process
  REQUIRE(eventually([&] { return !exports.holds(who, 1); }));
  REQUIRE(request_number(f.sys, linked, caf::make_message(caf::unlink_atom_v, *relay)));
  // It looks for the observer's end by a new handle, and that record comes before these answers or soon after.
  for (int i = 0; i < 100; ++i)
    REQUIRE(request_number(f.sys, *relay, caf::make_message(int32_t{i})));
  caf::anon_send_exit(linked, caf::exit_reason::kill);
}
