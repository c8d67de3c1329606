// Pools whose members go on with another program, one after the other. Catches a bad program that reaches more than one of them, and
// members that are forgotten.
#include "upgrade_service.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;

namespace {

pool_options first_versions(size_t workers_min, size_t workers_max) {
  pool_options result;
  result.workers_min = workers_min;
  result.workers_max = workers_max;
  result.how = dispatch::round_robin;
  result.prefetch_max = 1;
  result.grow_after = 0ms;
  result.restart = supervised().restart;
  result.worker = first_version();
  result.worker.restart = {};
  return result;
}

/// A pool in a host of its own.
struct services {
  explicit services(const pool_options& options) {
    auto made = here.host.pool("versioned", options);
    REQUIRE(made);
    pool = std::move(*made);
  }

  /// Those of so many answers, one after the other.
  std::set<int32_t> versions(int answers) {
    std::set<int32_t> result;
    for (int i = 0; i < answers; ++i)
      result.insert(version_of(self, pool));
    return result;
  }

  size_t members() const {
    return here.host.status(pool).value_or(pool_status{}).members.size();
  }

  test_support::host_fixture here;
  event_log events{here};
  caf::actor pool;
  caf::scoped_actor self{here.sys};
};

} // namespace

TEST_CASE("the members of a pool go on with another program one after the other, and nobody notices") {
  leftovers before;
  {
    services x{first_versions(3, 3)};
    auto done = x.here.host.upgrade(x.pool, version(2));
    int32_t asked = 0;
    do {
      for (int i = 0; i < 50; ++i, ++asked) {
        auto answer = ask<int32_t>(x.self, x.pool, caf::put_atom_v, asked);
        REQUIRE(answer);
        CHECK(*answer == asked);
      }
      CHECK(x.events.count(supervision_incident::upgraded) <= 3);
    } while (!done.ready());
    CHECK(done.get());
    CHECK(x.versions(9) == std::set{2});
    CHECK(x.events.count(supervision_incident::upgraded) == 3);
    CHECK(x.here.host.dropped_messages() == 0);
  }
  before.check();
}

TEST_CASE("the first member alone tries another program, and keeps a bad one from the others") {
  services x{first_versions(3, 3)};
  auto bad = version(2, "dies");
  bad.probation = 1h;
  auto done = x.here.host.upgrade(x.pool, bad);
  REQUIRE(eventually([&] { return x.events.count(supervision_incident::upgraded) == 1; }));
  auto others = x.versions(3);
  CHECK(others == std::set{-1, 1});
  auto result = done.get();
  REQUIRE_FALSE(result);
  CHECK(result.error() == errc::upgrade_failed);
  CHECK(x.versions(9) == std::set{1});
  CHECK(x.events.count(supervision_incident::upgraded) == 1);
  CHECK(x.members() == 3);
}

TEST_CASE("when a later member fails with another program, all go back") {
  workshop files;
  services x{first_versions(3, 3)};
  auto done = x.here.host.upgrade(x.pool, version(2, "second one dies", files.path("first")));
  while (!done.ready())
    (void) x.versions(3);
  CHECK_FALSE(done.get());
  CHECK(x.versions(9) == std::set{1});
  // The first member there and back, the second one there.
  CHECK(x.events.count(supervision_incident::upgraded) == 3);
  CHECK(x.events.count(supervision_incident::upgrade_failed) == 1);
  // What was tried in vain may be tried again.
  CHECK(x.here.host.upgrade(x.pool, version(3)).get());
  CHECK(x.versions(9) == std::set{3});
}

TEST_CASE("a pool that was upgraded grows with the new program, and does not grow meanwhile") {
  workshop files;
  services x{first_versions(1, 2)};
  auto slow = version(2, "waits", files.make_pipe("start"));
  auto done = x.here.host.upgrade(x.pool, slow);
  CHECK(x.here.host.upgrade(x.pool, version(3)).get().error() == errc::upgrade_failed);
  auto held = x.self->request(x.pool, test_support::patience, caf::tick_atom_v, files.make_pipe("handler"));
  auto waiting = x.self->request(x.pool, test_support::patience, caf::get_atom_v);
  REQUIRE(eventually([&] { return x.here.host.status(x.pool)->waiting == 1; }));
  CHECK(x.members() == 1);
  files.open_pipe("start");
  files.open_pipe("handler");
  auto take = [](int32_t) {};
  auto fail = [](const caf::error& why) { FAIL(to_string(why)); };
  held.receive(take, fail);
  waiting.receive(take, fail);
  REQUIRE(done.get());
  auto again = x.self->request(x.pool, test_support::patience, caf::tick_atom_v, files.path("handler"));
  auto grown = x.self->request(x.pool, test_support::patience, caf::get_atom_v);
  files.open_pipe("start"); // the second member waits there as the first one did
  grown.receive([](int32_t got) { CHECK(got == 2); }, fail);
  files.open_pipe("handler");
  again.receive(take, fail);
  CHECK(x.members() == 2);
}
