// What becomes of the message whose handler was running.
#include "pressure.hpp"
#include "supervised_actors.hpp"

#include "support/stage.hpp"

#include <catch2/catch.hpp>

#include <csignal>

using namespace crash;
using namespace bulkhead;
using test_support::ask;
using test_support::eventually;
using test_support::host_fixture;

TEST_CASE("a message in doubt is tried again if the policy says so, and the actor can read which attempt it is") {
  host_fixture here;
  diary book;
  auto options = supervised(in_doubt::retry);
  options.restart.poison_after = 4;
  auto clerk = spawn_clerk(here, options, book);
  caf::scoped_actor self{here.sys};
  auto attempt = ask<int32_t>(self, clerk, caf::delete_atom_v, int32_t{3});
  REQUIRE(attempt);
  CHECK(*attempt == 4);
  attempt = ask<int32_t>(self, clerk, caf::delete_atom_v, int32_t{0});
  REQUIRE(attempt);
  CHECK(*attempt == 1);
}

TEST_CASE("a message that killed two workers is quarantined, its sender is told, and what is behind it flows on") {
  host_fixture here;
  diary book;
  auto clerk = spawn_clerk(here, supervised(in_doubt::retry), book);
  event_log events{here};
  caf::scoped_actor self{here.sys};
  auto poison = self->request(clerk, caf::infinite, caf::delete_atom_v, int32_t{1000});
  outcomes out;
  auto asker = crash::ask(here.sys, clerk, out, 100, caf::make_message(caf::put_atom_v, int32_t{1}, int32_t{7}));
  self->send(clerk, caf::delete_atom_v, std::string{"again and again"});
  auto last = self->request(clerk, caf::infinite, caf::put_atom_v, int32_t{2}, int32_t{8});
  poison.receive([](int32_t) { FAIL("poison was answered"); },
                 [](const caf::error& why) {
                   CHECK(why == errc::poisoned);
                   auto death = death_of(why);
                   REQUIRE(death);
                   CHECK(death->incarnation == 2);
                   CHECK(death->status == SIGKILL);
                 });
  last.receive([](int32_t x) { CHECK(x == 8); }, [](const caf::error& why) { FAIL(to_string(why)); });
  CHECK(eventually([&] { return out.answers() == 100; }));
  CHECK(out.errors().empty());
  CHECK(eventually([&] { return events.count(supervision_incident::restarted) == 4; }));
  CHECK(events.count(supervision_incident::quarantined) == 2);
  CHECK(here.host.dropped_messages() == 1);
}

TEST_CASE("a quarantined message is kept with its evidence, and can be sent once more") {
  host_fixture here;
  diary book;
  auto clerk = spawn_clerk(here, supervised(in_doubt::retry), book);
  caf::scoped_actor self{here.sys};
  CHECK(here.host.dead_letters().empty());
  CHECK(ask<int32_t>(self, clerk, caf::delete_atom_v, int32_t{3}).error() == errc::poisoned);
  caf::anon_send(clerk, caf::delete_atom_v, std::string{"again and again"});
  REQUIRE(eventually([&] { return here.host.dead_letters().size() == 2; }));
  CHECK(eventually([&] { return here.host.dead_letters()[1].certificate.has_value(); }));
  auto letters = here.host.dead_letters();
  auto& request = letters[0];
  CHECK(request.is_request);
  CHECK(request.actor == "clerk");
  CHECK(request.sender == self->address());
  CHECK(request.receiver == clerk.address());
  CHECK(request.types == "(caf::delete_atom, int32_t)");
  CHECK(request.bytes > 0);
  REQUIRE(request.deaths.size() == 2);
  CHECK(request.deaths[0].incarnation == 1);
  CHECK(request.deaths[0].status == SIGKILL);
  CHECK(request.deaths[1].incarnation == 2);
  REQUIRE(request.certificate);
  CHECK(request.certificate->death.pid == request.deaths[1].pid);
  REQUIRE(request.certificate->handling.size() == 1);
  CHECK(request.certificate->handling[0].types == request.types);
  auto& other = letters[1];
  CHECK_FALSE(other.is_request);
  CHECK(other.sender == nullptr);
  REQUIRE(other.content.match_elements<caf::delete_atom, std::string>());
  CHECK(other.content.get_as<std::string>(1) == "again and again");
  CHECK(here.host.take_dead_letters().size() == 2);
  CHECK(here.host.dead_letters().empty());
  // Its record is clean: two more processes die of it.
  CHECK(ask<int32_t>(self, clerk, request.content).error() == errc::poisoned);
  CHECK(here.host.dead_letters().size() == 1);
}

TEST_CASE("a host keeps quarantined messages as its options say") {
  host_fixture::configuration cfg{2};
  cfg.set("bulkhead.dead-letters-max", uint32_t{1});
  cfg.set("bulkhead.dead-letters-bytes-max", uint64_t{4});
  caf::actor_system sys{cfg};
  auto host = bulkhead::host::of(sys);
  diary book;
  auto clerk = host.spawn("clerk", supervised(in_doubt::retry), book.path());
  REQUIRE(clerk);
  caf::scoped_actor self{sys};
  for (int i = 0; i < 2; ++i)
    CHECK(ask<int32_t>(self, *clerk, caf::delete_atom_v, int32_t{1000}).error() == errc::poisoned);
  auto letters = host.dead_letters();
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].deaths[0].incarnation == 3);
  CHECK(letters[0].content.empty());
}

TEST_CASE("an actor that throws is started again, and its mailbox outlives it") {
  host_fixture here;
  diary book;
  auto clerk = spawn_clerk(here, supervised(), book);
  event_log events{here};
  caf::scoped_actor self{here.sys};
  CHECK(ask<int32_t>(self, clerk, caf::get_atom_v)); // its answer tells its own name for itself, which ends with it
  test_support::gate gate;
  auto waits = self->request(clerk, caf::infinite, caf::tick_atom_v, gate.path());
  REQUIRE(book.wait_for(1));
  auto thrown = self->request(clerk, caf::infinite, caf::close_atom_v, int32_t{1});
  constexpr int32_t count = 20;
  for (int32_t i = 0; i < count; ++i)
    self->send(clerk, caf::add_atom_v, int32_t{1}, i);
  auto behind = self->request(clerk, caf::infinite, caf::get_atom_v);
  gate.open();
  waits.receive([](int32_t) {}, [](const caf::error& why) { FAIL(to_string(why)); });
  thrown.receive([] { FAIL("answered"); },
                 [](const caf::error& why) {
                   auto death = certificate(why);
                   CHECK(death.in_doubt);
                   CHECK(death.status == SIGABRT);
                   CHECK(death.detail.find("std::runtime_error: no clerk any more") != std::string::npos);
                 });
  behind.receive([](int32_t) {}, [](const caf::error& why) { FAIL(to_string(why)); });
  CHECK(book.entries()[1] == numbers(0, count));
  CHECK(events.count(supervision_incident::lost) == 0);
}

TEST_CASE("a message in doubt fails by default: the request with its certificate, the asynchronous one with an event") {
  host_fixture here;
  diary book;
  auto clerk = spawn_clerk(here, supervised(), book);
  event_log events{here};
  caf::scoped_actor self{here.sys};
  auto failed = ask<int32_t>(self, clerk, caf::delete_atom_v, int32_t{1});
  REQUIRE_FALSE(failed);
  CHECK(certificate(failed.error()).in_doubt);
  CHECK(certificate(failed.error()).status == SIGKILL);
  self->send(clerk, caf::delete_atom_v, std::string{"once"});
  CHECK(ask<int32_t>(self, clerk, caf::put_atom_v, int32_t{1}, int32_t{7}));
  CHECK(eventually([&] { return events.count(supervision_incident::lost) == 1; }));
  CHECK(here.host.dropped_messages() == 1);
}

TEST_CASE(
  "an asynchronous message in doubt goes without a word if the policy says drop, and a request fails all the same") {
  host_fixture here;
  diary book;
  auto clerk = spawn_clerk(here, supervised(in_doubt::drop), book);
  event_log events{here};
  caf::scoped_actor self{here.sys};
  self->send(clerk, caf::delete_atom_v, std::string{"once"});
  auto failed = ask<int32_t>(self, clerk, caf::delete_atom_v, int32_t{1});
  REQUIRE_FALSE(failed);
  CHECK(failed.error() == errc::worker_lost);
  CHECK(ask<int32_t>(self, clerk, caf::put_atom_v, int32_t{1}, int32_t{7}));
  CHECK(events.count(supervision_incident::lost) == 0);
}

TEST_CASE("a request whose promised response was open fails with its worker, and is not handled again") {
  host_fixture here;
  diary book;
  auto clerk = spawn_clerk(here, supervised(in_doubt::retry), book);
  caf::scoped_actor self{here.sys};
  auto open = self->request(clerk, caf::infinite, caf::open_atom_v);
  auto pid = ask<int32_t>(self, clerk, caf::get_atom_v);
  REQUIRE(pid);
  ::kill(*pid, SIGKILL);
  open.receive([](int32_t) { FAIL("nobody keeps this promise"); },
               [](const caf::error& why) { CHECK(certificate(why).in_doubt); });
  CHECK(ask<int32_t>(self, clerk, caf::put_atom_v, int32_t{1}, int32_t{7}));
}

TEST_CASE(
  "whatever a dead worker left in the memory that tells its progress, requests are answered and its successor works") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    auto clerk = spawn_clerk(here, supervised(), book);
    caf::scoped_actor self{here.sys};
    for (int32_t pattern : {-1, 0, 1, 2, 3, 4, 5, 6, 7, 0x7fffffff}) {
      // The first ones give the others tickets of a known generation.
      REQUIRE(ask<int32_t>(self, clerk, caf::put_atom_v, int32_t{0}, int32_t{0}));
      outcomes out;
      self->send(clerk, caf::publish_atom_v, pattern);
      auto asker = crash::ask(here.sys, clerk, out, 50, caf::make_message(caf::put_atom_v, int32_t{1}, pattern));
      CHECK(eventually([&] { return out.total() == 50; }));
      for (auto& why : out.errors())
        CHECK(why == errc::worker_lost);
    }
    CHECK(ask<int32_t>(self, clerk, caf::put_atom_v, int32_t{2}, int32_t{7}));
  }
  before.check();
}
