// Handles of the host's actors in a worker while CAF's own network layer is loaded, which gives the host another node id. Catches a worker
// that is condemned for the use of a handle that it was given.

#include <catch2/catch.hpp>

#include "support/stage.hpp"

#include <bulkhead/bulkhead.hpp>

#include <caf/io/middleman.hpp>

#include <vector>

using namespace test_support;

namespace {

// Passes the number on to the actor in the message, or to all that it was ever given.
struct given {
  std::vector<caf::actor> all;
};

caf::behavior passer(caf::stateful_actor<given>* self) {
  self->set_down_handler([](caf::down_msg&) {});
  return {
    [self](const caf::actor& to, int32_t x) {
      self->state.all.push_back(to);
      return self->delegate(to, x);
    },
    [self](int32_t x) {
      for (auto& to : self->state.all)
        self->send(to, x);
      return static_cast<int32_t>(self->state.all.size());
    },
    [self](caf::link_atom) {
      for (auto& to : self->state.all)
        self->monitor(to);
      return true;
    },
  };
}

const known_actor passer_known{bulkhead::heavy<"passer", passer>::add_to};

struct configuration : bulkhead::config {
  configuration() {
    add_known_actors(*this);
    set("caf.scheduler.max-threads", 2);
    load<caf::io::middleman>();
    load<bulkhead::host>();
  }
};

} // namespace

TEST_CASE("a worker uses the handles of the host's actors while CAF's network layer is loaded") {
  configuration cfg;
  caf::actor_system sys{cfg};
  auto host = bulkhead::host::of(sys);
  auto worker = host.spawn("passer");
  REQUIRE(worker);
  std::vector<caf::actor> lights;
  {
    caf::scoped_actor self{sys};
    for (int32_t i = 0; i < 10; ++i) {
      lights.push_back(
        sys.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int32_t x) { return x + 1; }}; }));
      CHECK(ask<int32_t>(self, *worker, lights.back(), i) == i + 1);
    }
    CHECK(ask<bool>(self, *worker, caf::link_atom_v) == true);
    CHECK(ask<int32_t>(self, *worker, int32_t{5}) == 10);
    CHECK(ask<int32_t>(self, *worker, int32_t{5}) == 10);
  }
  CHECK(host.live_workers() == 1);
  for (auto& x : lights) // whom CAF has written, it keeps alive
    caf::anon_send_exit(x, caf::exit_reason::kill);
}
