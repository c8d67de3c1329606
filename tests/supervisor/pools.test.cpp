// Pools as children. What would be caught: a pool that ends before its members have, never, or without its supervisor's knowledge.
#include "children.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>

using namespace supervisor_test;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using test_support::gate;
using test_support::patience;
using lines = std::vector<std::string>;

namespace {

pool_options wards(size_t members) {
  pool_options result{.workers_min = members, .workers_max = members, .prefetch_max = 1};
  result.worker.standard_output = result.worker.standard_error = output::discard;
  return result;
}

child_spec pool_of(const std::string& name, size_t members) {
  return pool_child(name, "ward", wards(members));
}

// Makes all members wait in a handler.
bool block_all(fixture& here, const caf::actor& pool, size_t members, const std::vector<gate>& doors) {
  for (size_t i = 0; i < members; ++i)
    if (!here.block(pool, doors[i]))
      return false;
  return true;
}

} // namespace

TEST_CASE("a pool is a child like others: started, looked up, and ended with its members before the next one") {
  fixture here;
  auto top = here.supervise({}, {light("a", here.book), pool_of("pool", 2), light("b", here.book)});
  auto pool = here.child(top, "pool");
  REQUIRE(pool != nullptr);
  CHECK(here.pid(pool) > 0);
  auto status = here.host.status(pool);
  REQUIRE(status);
  CHECK(status->members.size() == 2);
  REQUIRE(here.child(top, "b") != nullptr);
  std::vector<gate> doors(2);
  REQUIRE(block_all(here, pool, 2, doors));
  here.self->monitor(top);
  here.self->send_exit(top, caf::exit_reason::user_shutdown);
  REQUIRE(here.book->eventually_has(3));
  CHECK(here.list(top) == lines{"a", "pool:stopping", "b:ended"});
  CHECK(here.book->take() == lines{"+a", "+b", "-b"});
  for (auto& x : doors)
    x.open();
  CHECK(test_support::end_of(here.self, top) == caf::error{caf::exit_reason::user_shutdown});
  CHECK(here.book->take() == lines{"-a"});
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
}

TEST_CASE("a pool whose members hang is ended by force when its time is over") {
  fixture here;
  std::vector<gate> doors(2);
  auto top = here.supervise({.kill_after = 1ms}, {light("a", here.book), pool_of("pool", 2).stops_within(1ms)});
  auto pool = here.child(top, "pool");
  REQUIRE(block_all(here, pool, 2, doors));
  auto by_name = GENERATE(false, true);
  if (by_name) {
    CHECK(stop_child(top, "pool").wait_for(patience));
    CHECK(here.list(top) == lines{"a"});
  } else {
    CHECK(here.end(top) == caf::exit_reason::user_shutdown);
  }
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
}

TEST_CASE("a pool that replaces its members is up for its supervisor, and one that gives up has died") {
  fixture here;
  auto options = wards(1);
  options.restart.restarts_max = 1;
  options.restart.within = 24h;
  auto top = here.supervise(patient(strategy::rest_for_one),
                            {light("a", here.book), pool_child("pool", "ward", options), light("b", here.book)});
  status_log log{here.sys, top};
  REQUIRE(log.eventually("b", child_state::up));
  auto pool = here.child(top, "pool");
  here.book->take();
  auto first = here.pid(pool);
  REQUIRE(first > 0);
  ::kill(first, SIGKILL);
  REQUIRE(eventually([&] {
    auto pid = here.pid(pool);
    return pid > 0 && pid != first;
  }));
  CHECK(log.count("pool", child_state::up) == 1);
  CHECK(here.book->entries().empty());
  here.self->send(pool, caf::delete_atom_v);
  REQUIRE(log.eventually("b", child_state::up, 1));
  CHECK(here.book->take() == lines{"-b", "+b"});
  auto told = log.last("pool");
  CHECK(told.last_end == errc::restarts_exhausted);
  CHECK(told.restarts == 1);
  CHECK(here.pid(here.child(top, "pool")) > 0);
  CHECK(eventually([&] { return here.host.live_workers() == 1; }));
}

TEST_CASE("a supervisor whose pool gives up too often tells its story") {
  fixture here;
  auto options = wards(1);
  options.restart.restarts_max = 0;
  auto top = here.supervise({.restarts_max = 0}, {pool_child("pool", "ward", options)});
  here.self->monitor(top);
  here.self->send(here.child(top, "pool"), caf::delete_atom_v);
  auto reason = test_support::end_of(here.self, top);
  REQUIRE(reason);
  CHECK(contains(to_string(*reason), "pool: gave up after 1 death within"));
  CHECK(contains(to_string(*reason), "was killed by signal 9"));
}

TEST_CASE("another pool starts when all members of the one before have ended") {
  fixture here;
  gate door;
  auto top =
    here.supervise(patient(strategy::rest_for_one), {light("a", here.book), pool_of("pool", 1).stops_within(0ms)});
  status_log log{here.sys, top};
  REQUIRE(log.eventually("pool", child_state::up));
  auto pool = here.child(top, "pool");
  REQUIRE(here.block(pool, door));
  here.self->send(here.child(top, "a"), caf::delete_atom_v);
  REQUIRE(log.eventually("pool", child_state::stopping));
  CHECK(here.list(top) == lines{"a:starting", "pool:stopping"});
  door.open();
  REQUIRE(log.eventually("pool", child_state::up, 1));
  CHECK(here.pid(here.child(top, "pool")) > 0);
  CHECK(eventually([&] { return here.host.live_workers() == 1; }));
}

TEST_CASE("a pool that cannot be is refused with its supervisor, and one that does not start has a cause") {
  fixture here;
  auto wrong = wards(1);
  wrong.how = dispatch::by_key;
  auto refused = supervise(here.sys, {}, {pool_child("pool", "ward", wrong)});
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::invalid_option);
  CHECK(contains(to_string(refused.error()), "key"));
  auto top = here.supervise({.restarts_max = 0}, {pool_child("pool", "nobody", wards(2))});
  here.self->monitor(top);
  auto reason = test_support::end_of(here.self, top);
  REQUIRE(reason);
  CHECK(contains(to_string(*reason), "pool: unknown_actor"));
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
}

TEST_CASE("a pool comes and goes while its supervisor runs, also while it starts") {
  fixture here;
  auto top = here.supervise({}, {light("a", here.book)});
  auto pool = start_child(top, pool_of("pool", 2)).wait_for(patience);
  REQUIRE(pool);
  CHECK(here.pid(*pool) > 0);
  auto restarted = restart_child(top, "pool").wait_for(patience);
  REQUIRE(restarted);
  CHECK(*restarted != *pool);
  CHECK(here.pid(*restarted) > 0);
  CHECK(stop_child(top, "pool").wait_for(patience));
  auto started = start_child(top, pool_of("pool", 2));
  CHECK(stop_child(top, "pool").wait_for(patience));
  CHECK(error_of(started) == caf::sec::request_receiver_down);
  CHECK(here.list(top) == lines{"a"});
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
}
