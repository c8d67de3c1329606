// Payloads and descriptors over CAF's own network layer, here on the loopback device. Catches a payload that travels as a place
// in memory that the other machine does not have, and a message that takes the connection with it.

#include <catch2/catch.hpp>

#include "support/stage.hpp"

#include <bulkhead/bulkhead.hpp>

#include <caf/io/middleman.hpp>

#include <algorithm>
#include <vector>

using namespace test_support;
using bulkhead::array;
using bulkhead::bytes;

namespace {

// Before any actor system is made.
const auto network_types = [] {
  caf::io::middleman::init_global_meta_objects();
  return true;
}();

caf::behavior mirror(caf::event_based_actor*) {
  return {
    [](const bytes& x) { return x; },
    [](const array<float>& x) { return x; },
    [](const recording& x) { return x; },
    [](const bulkhead::fd& x) { return x.number() >= 0; },
    [](caf::get_atom, uint64_t size) { return bytes{caf::byte_buffer(size, caf::byte{5})}; },
  };
}

const known_actor mirror_known{bulkhead::heavy<"mirror", mirror>::add_to};

/// As an application that is reached from elsewhere.
struct reachable_host {
  struct configuration : bulkhead::config {
    configuration() {
      add_known_actors(*this);
      set("caf.scheduler.max-threads", 2);
      load<caf::io::middleman>();
      load<bulkhead::host>();
    }
  };

  // Whom another machine knows, CAF keeps alive.
  ~reachable_host() {
    caf::anon_send_exit(published, caf::exit_reason::user_shutdown);
  }

  uint16_t publish(const caf::actor& what) {
    auto port = sys.middleman().publish(what, 0, "127.0.0.1");
    REQUIRE(port);
    published = what;
    return *port;
  }

  configuration cfg;
  caf::actor_system sys{cfg};
  caf::actor published;
};

/// Another machine, without Bulkhead's host.
struct elsewhere {
  struct configuration : caf::actor_system_config {
    configuration() {
      set("caf.scheduler.max-threads", 2);
      load<caf::io::middleman>();
    }
  };

  explicit elsewhere(uint16_t port) {
    auto found = sys.middleman().remote_actor("127.0.0.1", port);
    REQUIRE(found);
    remote = *found;
  }

  configuration cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  caf::actor remote;
};

template <class T>
T make(size_t count) {
  return T{caf::byte_buffer(count, caf::byte{9})};
}

void check_copies(elsewhere& there) {
  for (size_t size : {0, 100, 5000, 2'000'000}) {
    CAPTURE(size);
    auto sent = make<bytes>(size);
    auto back = ask<bytes>(there.self, there.remote, sent);
    REQUIRE(back);
    CHECK((*back == sent));
  }
  auto floats = array<float>::copy_of(std::vector<float>(100'000, 2.5f));
  auto back = ask<array<float>>(there.self, there.remote, floats);
  REQUIRE(back);
  CHECK((*back == floats));
  recording tape{"tape", std::vector<float>(50'000, -1.5f), {1, 2}, {}};
  auto tape_back = ask<recording>(there.self, there.remote, tape);
  REQUIRE(tape_back);
  CHECK((*tape_back == tape));
  auto made = ask<bytes>(there.self, there.remote, caf::get_atom_v, uint64_t{300'000});
  REQUIRE(made);
  CHECK(made->size() == 300'000);
}

} // namespace

TEST_CASE("payloads arrive at another machine as copies, and come from there") {
  reachable_host here;
  elsewhere there{here.publish(here.sys.spawn(mirror))};
  check_copies(there);
}

TEST_CASE("payloads of another machine reach a worker by way of a light actor and come back") {
  reachable_host here;
  auto worker = bulkhead::host::of(here.sys).spawn("mirror");
  REQUIRE(worker);
  auto to = *worker;
  elsewhere there{here.publish(here.sys.spawn([to](caf::event_based_actor* self) -> caf::behavior {
    return {[=](const bytes& x) {
      auto promise = self->make_response_promise<bytes>();
      self->request(to, patience, x)
        .then([=](bytes& back) mutable { promise.deliver(std::move(back)); },
              [=](caf::error& failed) mutable { promise.deliver(std::move(failed)); });
      return promise;
    }};
  }))};
  for (size_t size : {0, 100, 5000, 2'000'000}) {
    auto sent = make<bytes>(size);
    auto back = ask<bytes>(there.self, there.remote, sent);
    REQUIRE(back);
    CHECK((*back == sent));
  }
  CHECK(eventually([&] { return bulkhead::payloads_of(here.sys).lent == 0; }));
}

TEST_CASE("a payload that was built for a worker travels to another machine too") {
  reachable_host here;
  auto worker = bulkhead::host::of(here.sys).spawn("mirror");
  REQUIRE(worker);
  auto room = bulkhead::allocate(*worker, 100'000);
  REQUIRE(room);
  std::fill(room->room().begin(), room->room().end(), std::byte{4});
  auto payload = std::move(*room).finish();
  elsewhere there{here.publish(here.sys.spawn(
    [=](caf::event_based_actor*) -> caf::behavior { return {[=](caf::get_atom) { return payload; }}; }))};
  auto got = ask<bytes>(there.self, there.remote, caf::get_atom_v);
  REQUIRE(got);
  CHECK((*got == payload));
}

TEST_CASE("a descriptor arrives at another machine as none, and the connection stays") {
  reachable_host here;
  elsewhere there{here.publish(here.sys.spawn(mirror))};
  auto null = bulkhead::fd::duplicate_of(0);
  REQUIRE(null);
  CHECK(ask<bool>(there.self, there.remote, *null) == false);
  CHECK(ask<bytes>(there.self, there.remote, make<bytes>(10)));
}
