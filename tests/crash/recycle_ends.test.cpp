// What ends an actor that is about to be recycled, and who cannot be recycled at all.
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
