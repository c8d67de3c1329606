#include "supervised_actors.hpp"

#include "support/stage.hpp"

#include <catch2/catch.hpp>

#include <csignal>

using namespace crash;
using namespace bulkhead;
using test_support::ask;
using test_support::eventually;
using test_support::host_fixture;

TEST_CASE("the handle of a supervised worker answers after its process was killed, and monitors and links are silent") {
  leftovers before;
  {
    observed_ends by_monitor; // these two see the end of the system too
    observed_ends by_link;
    host_fixture here;
    diary book;
    auto clerk = spawn_clerk(here, supervised(), book);
    event_log events{here};
    auto observers = watch_end(here.sys, clerk, by_monitor, by_link);
    caf::scoped_actor self{here.sys};
    auto first = ask<int32_t>(self, clerk, caf::get_atom_v);
    REQUIRE(first);
    for (int round = 1; round <= 3; ++round) {
      auto pid = ask<int32_t>(self, clerk, caf::get_atom_v);
      REQUIRE(pid);
      ::kill(*pid, SIGKILL);
      REQUIRE(eventually([&] { return events.count(supervision_incident::restarted) == static_cast<size_t>(round); }));
      auto next = ask<int32_t>(self, clerk, caf::get_atom_v);
      REQUIRE(next);
      CHECK(*next != *pid);
      auto event = events.all().back();
      CHECK(event.incarnation == static_cast<uint32_t>(round) + 1);
      CHECK(event.pid == *next);
      CHECK(event.death.pid == *pid);
      CHECK(event.death.incarnation == static_cast<uint32_t>(round));
      CHECK(event.death.status == SIGKILL);
    }
    CHECK(by_monitor.reasons().empty());
    CHECK(by_link.reasons().empty());
    CHECK(here.host.live_workers() == 1);
  }
  before.check();
}

TEST_CASE("what waits in a dead worker's mailbox is handled by its successor, in order and once") {
  host_fixture here;
  diary book;
  auto clerk = spawn_clerk(here, supervised(), book);
  test_support::gate gate;
  caf::scoped_actor self{here.sys};
  auto pid = ask<int32_t>(self, clerk, caf::get_atom_v);
  REQUIRE(pid);
  auto held = self->request(clerk, caf::infinite, caf::tick_atom_v, gate.path());
  REQUIRE(book.wait_for(1));
  // The worker has decoded some of these and not others.
  constexpr int32_t count = 500;
  outcomes out;
  auto asker = crash::ask(here.sys, clerk, out, count, caf::make_message(caf::put_atom_v, int32_t{1}, int32_t{7}));
  for (int32_t i = 0; i < count; ++i)
    self->send(clerk, caf::add_atom_v, int32_t{2}, i);
  ::kill(*pid, SIGKILL);
  held.receive([](int32_t) { FAIL("the message in doubt was answered"); },
               [](const caf::error& why) { CHECK(certificate(why).in_doubt); });
  REQUIRE(eventually([&] { return out.answers() == static_cast<size_t>(count); }));
  REQUIRE(book.wait_for(2 * count + 1));
  CHECK(out.errors().empty());
  auto numbers = book.entries();
  CHECK(numbers[0].size() == 1);
  CHECK(numbers[1] == std::vector<int32_t>(count, 7));
  REQUIRE(numbers[2].size() == static_cast<size_t>(count));
  CHECK(std::is_sorted(numbers[2].begin(), numbers[2].end()));
}
