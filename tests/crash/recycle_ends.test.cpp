// What ends an actor that is about to be recycled, and who cannot be recycled at all.
#include "pressure.hpp"
#include "supervised_actors.hpp"

#include "support/stage.hpp"

#include <catch2/catch.hpp>

using namespace crash;
using namespace bulkhead;
using test_support::end_of;
using test_support::eventually;
using test_support::host_fixture;

TEST_CASE("an end of the actor, of its handle or of the system goes before its recycling") {
  leftovers before;
  for (int round = 0; round < 6; ++round) {
    host_fixture here;
    diary book;
    auto clerk = spawn_clerk(here, supervised(), book);
    caf::scoped_actor self{here.sys};
    CHECK(here.host.recycle(clerk));
    if (round % 3 == 0) {
      self->monitor(clerk);
      caf::anon_send_exit(clerk, caf::exit_reason::user_shutdown);
      auto reason = end_of(self, clerk);
      REQUIRE(reason);
      CHECK(*reason == caf::exit_reason::user_shutdown);
    } else if (round % 3 == 1) {
      clerk = nullptr;
      CHECK(eventually([&] { return here.host.live_workers() == 0; }));
    }
  }
  before.check();
}

TEST_CASE("a worker that is replaced loses nothing that waits for room at its receiver") {
  host_fixture here;
  event_log events{here};
  auto options = limited(20);
  options.restart = supervised().restart;
  auto flooder = here.host.spawn("flooder", options);
  REQUIRE(flooder);
  auto gate = spawn_gate(here.sys);
  auto taken = make_counter();
  auto sink = spawn_sink(here.sys, gate, taken);
  caf::scoped_actor self{here.sys};
  // Twenty find room, and the others wait in the worker.
  self->send(*flooder, caf::update_atom_v, sink, int32_t{35});
  CHECK(here.host.recycle(*flooder));
  REQUIRE(eventually([&] { return here.host.live_workers() == 2; }));
  // Time to go wrong.
  self->receive(caf::after(std::chrono::milliseconds{300}) >> [] {});
  auto asked = self->request(*flooder, test_support::patience, caf::get_atom_v, caf::ok_atom_v);
  caf::anon_send(gate, caf::open_atom_v);
  asked.receive([](int32_t) {}, [](const caf::error& why) { FAIL(to_string(why)); });
  CHECK(eventually([&] { return events.count(supervision_incident::recycled) == 1; }));
  CHECK(eventually([&] { return *taken == 35; }));
  for (auto& x : {gate, sink})
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
}

TEST_CASE("only a supervised actor can be recycled") {
  host_fixture here;
  auto mortal = here.host.spawn("loner");
  REQUIRE(mortal);
  CHECK_FALSE(here.host.recycle(*mortal));
  CHECK_FALSE(here.host.recycle(caf::actor{}));
  CHECK_FALSE(here.host.recycle(here.sys.spawn([]() -> caf::behavior { return {[](caf::ok_atom) {}}; })));
  worker_options options;
  options.recycle.messages_max = 1;
  auto refused = here.host.spawn("loner", options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::invalid_option);
}
