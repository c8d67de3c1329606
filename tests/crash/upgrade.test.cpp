// Actors that go on with another program. Catches messages that are lost meanwhile, and a bad program that stays.
#include "upgrade_service.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <utility>
#include <vector>

#include <signal.h>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;

TEST_CASE("an actor goes on with another program, and nothing is lost") {
  leftovers before;
  {
    service x;
    auto former = x.pid();
    auto done = x.here.host.upgrade(x.actor, version(2));
    int32_t asked = 0;
    do {
      for (int32_t i = 0; i < 50; ++i, ++asked) {
        auto answer = ask<int32_t>(x.self, x.actor, caf::put_atom_v, asked);
        REQUIRE(answer);
        CHECK(*answer == asked);
      }
    } while (!done.ready());
    CHECK(done.get());
    CHECK(x.version() == 2);
    CHECK_FALSE(process_runs(former));
    x.kill();
    CHECK(x.version() == 2);
    CHECK(x.events.count(supervision_incident::upgraded) == 1);
    CHECK(x.events.count(supervision_incident::recycled) == 1);
    CHECK(eventually([&] { return x.events.count(supervision_incident::restarted) == 1; }));
    CHECK(x.events.count(supervision_incident::upgrade_failed) == 0);
    // And once more, with what was left as it is.
    auto again = version(3);
    again.environment.reset();
    CHECK(x.here.host.upgrade(x.actor, again).get());
    CHECK(x.version() == 2);
  }
  before.check();
}

TEST_CASE("a program that does not come up changes nothing, and its cause is told") {
  service x;
  auto pid = x.pid();
  auto missing = version(2);
  missing.program = "/no/such/program";
  auto other_types = version(2);
  other_types.program = child_program("other_types");
  for (auto& [next, cause] :
       {std::pair{missing, "program_not_found"}, {version(2, "exits"), "code 3"}, {other_types, "build_mismatch"}}) {
    auto done = x.here.host.upgrade(x.actor, next).get();
    REQUIRE_FALSE(done);
    CHECK(done.error() == errc::upgrade_failed);
    CHECK_THAT(to_string(done.error()), Catch::Contains(cause));
    CHECK(death_of(done.error()));
    CHECK(x.version() == 1);
    CHECK(x.pid() == pid);
  }
  // Its process is fine, its actor is not.
  auto done = x.here.host.upgrade(x.actor, version(2, "throws")).get();
  REQUIRE_FALSE(done);
  CHECK_THAT(to_string(done.error()), Catch::Contains("not this version"));
  CHECK(x.version() == 1);
  CHECK(eventually([&] { return x.events.count(supervision_incident::upgrade_failed) == 4; }));
  CHECK(x.events.count(supervision_incident::upgraded) == 0);
}

TEST_CASE("a program that fails in its probation makes way for the former one, and that counts against nothing") {
  leftovers before;
  {
    auto options = first_version();
    options.restart.restarts_max = 0;
    service x{options};
    auto with_time = version(2, "dies");
    with_time.probation = 1h;
    auto done = x.here.host.upgrade(x.actor, with_time);
    REQUIRE(eventually([&] { return x.events.count(supervision_incident::upgraded) == 1; }));
    CHECK_FALSE(done.ready());
    // What waits behind the message that kills it is handled by the former program.
    auto deadly = x.self->request(x.actor, test_support::patience, caf::get_atom_v);
    auto behind = x.self->request(x.actor, test_support::patience, caf::put_atom_v, int32_t{7});
    deadly.receive([](int32_t) { FAIL("it lives"); }, [](const caf::error& why) { CHECK(why == errc::worker_lost); });
    behind.receive([](int32_t got) { CHECK(got == 7); }, [](const caf::error& why) { FAIL(to_string(why)); });
    auto result = done.get();
    REQUIRE_FALSE(result);
    CHECK(result.error() == errc::upgrade_failed);
    auto death = death_of(result.error());
    REQUIRE(death);
    CHECK(death->status == SIGKILL);
    CHECK(x.version() == 1);
    CHECK(x.events.count(supervision_incident::upgrade_failed) == 1);
    // The next one may try.
    CHECK(x.here.host.upgrade(x.actor, version(3)).get());
    CHECK(x.version() == 3);
  }
  before.check();
}

TEST_CASE("an actor that ends by itself in the probation of its program has failed, too") {
  service x;
  auto with_time = version(2);
  with_time.probation = 1h;
  auto done = x.here.host.upgrade(x.actor, with_time);
  REQUIRE(eventually([&] { return x.events.count(supervision_incident::upgraded) == 1; }));
  CHECK(x.version() == 2);
  x.self->send(x.actor, caf::close_atom_v);
  CHECK_FALSE(done.get());
  CHECK(eventually([&] { return x.version() == 1; }));
}

TEST_CASE("the former program serves from the file that it was started from, whatever stands at its path by then") {
  workshop files;
  auto options = first_version();
  options.program = files.install("service");
  options.spares = 1;
  service x{options};
  auto former = file_run_by(x.pid());
  REQUIRE(former != 0);
  files.install("service");
  auto bad = version(2, "dies");
  bad.program = options.program;
  bad.probation = 1h;
  auto done = x.here.host.upgrade(x.actor, bad);
  REQUIRE(eventually([&] { return x.events.count(supervision_incident::upgraded) == 1; }));
  CHECK(file_run_by(x.pid()) != former);
  CHECK(x.version() == -1);
  CHECK_FALSE(done.get());
  for (int deaths = 0; deaths < 2; ++deaths) {
    CHECK(x.version() == 1);
    CHECK(file_run_by(x.pid()) == former);
    x.kill();
  }
  // Nothing else has to be there.
  std::filesystem::remove(options.program);
  x.kill();
  CHECK(file_run_by(x.pid()) == former);
  auto good = version(3);
  good.program = files.install("service");
  REQUIRE(x.here.host.upgrade(x.actor, good).get());
  CHECK(x.version() == 3);
  CHECK(file_run_by(x.pid()) != former);
}

TEST_CASE("spares are of the new program once it serves, and what the former one has left goes with it") {
  auto options = first_version();
  options.spares = 1;
  service x{options};
  REQUIRE(eventually([&] { return x.here.host.ready_spares() == 1; }));
  REQUIRE(x.here.host.upgrade(x.actor, version(2)).get());
  REQUIRE(eventually([&] { return x.here.host.ready_spares() == 1 && x.here.host.live_workers() == 2; }));
  x.kill();
  CHECK(x.version() == 2);
}

TEST_CASE("the process that is to be replaced dies while the other program starts") {
  workshop files;
  service x;
  auto slow = version(2, "waits", files.make_pipe("start"));
  auto done = x.here.host.upgrade(x.actor, slow);
  REQUIRE(eventually([&] { return x.here.host.live_workers() == 2; }));
  x.kill();
  CHECK(x.version() == 1);
  CHECK_FALSE(done.ready());
  files.open_pipe("start");
  CHECK(done.get());
  CHECK(x.version() == 2);
}

TEST_CASE("the other program dies after it has started and before it takes over") {
  workshop files;
  service x;
  auto answer = x.self->request(x.actor, test_support::patience, caf::tick_atom_v, files.make_pipe("handler"));
  auto done = x.here.host.upgrade(x.actor, version(2));
  // The present process does not end before its handler does.
  std::vector<int> processes;
  REQUIRE(eventually([&] {
    processes = test_support::children();
    return processes.size() == 2;
  }));
  auto successor = *std::max_element(processes.begin(), processes.end());
  REQUIRE(::kill(successor, SIGKILL) == 0);
  auto result = done.get();
  REQUIRE_FALSE(result);
  CHECK(result.error() == errc::upgrade_failed);
  files.open_pipe("handler");
  answer.receive([&](int32_t pid) { CHECK(pid == x.pid()); }, [](const caf::error& why) { FAIL(to_string(why)); });
  CHECK(x.version() == 1);
  CHECK(x.events.count(supervision_incident::restarted) == 0);
}

TEST_CASE("an actor that was paused for an upgrade goes on when that fails") {
  auto options = first_version();
  options.stop_timeout = 60s;
  service x{options};
  auto owed = x.self->request(x.actor, caf::infinite, caf::open_atom_v);
  REQUIRE(x.version() == 1); // so the promise is made
  auto done = x.here.host.upgrade(x.actor, version(2));
  std::vector<int> processes;
  REQUIRE(eventually([&] {
    processes = test_support::children();
    return processes.size() == 2;
  }));
  // It owes an answer, so it gets nothing new until its successor takes over.
  REQUIRE(eventually([&] {
    auto answered = false;
    x.self->request(x.actor, 300ms, caf::put_atom_v, int32_t{1})
      .receive([&](int32_t) { answered = true; }, [](const caf::error&) {});
    return !answered;
  }));
  REQUIRE(::kill(*std::max_element(processes.begin(), processes.end()), SIGKILL) == 0);
  CHECK_FALSE(done.get());
  CHECK(x.version() == 1);
}

TEST_CASE("an actor whose upgrade was refused can be recycled") {
  service x;
  CHECK_FALSE(x.here.host.upgrade(x.actor, version(2, "throws")).get());
  CHECK_FALSE(x.here.host.upgrade(x.actor, version(2, "exits")).get());
  CHECK(x.here.host.recycle(x.actor));
  CHECK(eventually([&] { return x.events.count(supervision_incident::recycled) > 0; }));
  CHECK(x.version() == 1);
}

TEST_CASE("what cannot be upgraded, and options that make no sense, are refused") {
  service x;
  auto& host = x.here.host;
  auto unsupervised = host.spawn("victim");
  REQUIRE(unsupervised);
  auto light = x.here.sys.spawn([]() -> caf::behavior { return {[](caf::get_atom) { return int32_t{0}; }}; });
  CHECK(host.upgrade(*unsupervised, version(2)).get().error() == caf::sec::invalid_argument);
  CHECK(host.upgrade(light, version(2)).get().error() == caf::sec::invalid_argument);
  CHECK(host.upgrade(caf::actor{}, version(2)).get().error() == caf::sec::invalid_argument);
  auto wrong = version(2);
  wrong.probation = -1ms;
  CHECK(host.upgrade(x.actor, wrong).get().error() == errc::invalid_option);
  wrong = version(2);
  wrong.probation = 25h;
  CHECK(host.upgrade(x.actor, wrong).get().error() == errc::invalid_option);
  wrong = version(2);
  wrong.environment = {"no assignment"};
  CHECK(host.upgrade(x.actor, wrong).get().error() == errc::invalid_option);
  wrong = version(2);
  wrong.program = std::string("a\0b", 3);
  CHECK(host.upgrade(x.actor, wrong).get().error() == errc::invalid_option);
  // One at a time.
  workshop files;
  auto first = host.upgrade(x.actor, version(2, "waits", files.make_pipe("start")));
  auto second = host.upgrade(x.actor, version(3)).get();
  REQUIRE_FALSE(second);
  CHECK(second.error() == errc::upgrade_failed);
  files.open_pipe("start");
  CHECK(first.get());
  CHECK(x.version() == 2);
}

TEST_CASE("an upgrade in the probation of another one is refused, and changes nothing for that") {
  service x;
  auto with_time = version(2);
  with_time.probation = 1h;
  auto first = x.here.host.upgrade(x.actor, with_time);
  REQUIRE(eventually([&] { return x.events.count(supervision_incident::upgraded) == 1; }));
  auto second = x.here.host.upgrade(x.actor, version(3)).get();
  REQUIRE_FALSE(second);
  CHECK(second.error() == errc::upgrade_failed);
  CHECK_THAT(to_string(second.error()), Catch::Contains("another upgrade of this actor is under way"));
  CHECK_FALSE(first.ready());
  CHECK(x.version() == 2);
  x.kill();
  CHECK_FALSE(first.get());
  CHECK(eventually([&] { return x.version() == 1; }));
}

TEST_CASE("an actor, or the whole host, ends in the middle of an upgrade") {
  leftovers before;
  workshop files;
  for (auto waits : {true, false}) {
    future<void> done;
    {
      service x;
      auto next = waits ? version(2, "waits", files.path("start")) : version(2);
      next.probation = 1h;
      if (waits)
        files.make_pipe("start");
      done = x.here.host.upgrade(x.actor, next);
      REQUIRE(eventually(
        [&] { return waits ? x.here.host.live_workers() == 2 : x.events.count(supervision_incident::upgraded) == 1; }));
      auto other = x.here.host.spawn("versioned", first_version());
      REQUIRE(other);
      auto other_done = x.here.host.upgrade(*other, next);
      caf::anon_send_exit(*other, caf::exit_reason::user_shutdown);
      CHECK_FALSE(other_done.get());
    }
    auto result = done.get();
    REQUIRE_FALSE(result);
    CHECK(result.error() == errc::upgrade_failed);
  }
  before.check();
}
