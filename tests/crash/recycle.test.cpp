// Workers that are replaced although they live. Catches messages that are lost, handled twice or overtaken meanwhile.
#include "supervised_actors.hpp"

#include "support/stage.hpp"

#include <bulkhead/executor.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <numeric>
#include <stdexcept>
#include <vector>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using test_support::host_fixture;

namespace crash {

void start_only_once(const std::string& path) {
  if (!std::filesystem::create_directory(path))
    throw std::runtime_error{"not twice"};
}

} // namespace crash

namespace {

// (tick_atom, path): waits at the gate, and answers with its number of such messages; (add_atom, n): keeps so many MiB
caf::behavior loner(caf::event_based_actor*) {
  auto kept = std::make_shared<std::vector<std::vector<char>>>();
  auto count = std::make_shared<int32_t>(0);
  return {
    [count](caf::tick_atom, const std::string& gate) {
      test_support::gate::wait_for(gate);
      return ++*count;
    },
    [kept](caf::add_atom, int32_t mebibytes) {
      kept->emplace_back(static_cast<size_t>(mebibytes) << 20, 'x');
      return mebibytes;
    },
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
  };
}

const test_support::known_actor loner_known{bulkhead::heavy<"loner", loner>::add_to};
const test_support::known_actor detached_known{bulkhead::heavy<"detached loner", loner, caf::detached>::add_to};

worker_options with_spare() {
  auto result = supervised();
  result.spares = 1;
  return result;
}

int32_t pid_of_clerk(caf::scoped_actor& self, const caf::actor& clerk) {
  auto pid = ask<int32_t>(self, clerk, caf::get_atom_v);
  REQUIRE(pid);
  return *pid;
}

} // namespace

TEST_CASE(
  "a worker that is recycled again and again while it is asked loses nothing, repeats nothing and keeps the order") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    auto options = with_spare();
    options.recycle.messages_max = 50;
    auto clerk = spawn_clerk(here, options, book);
    auto other = here.host.spawn("passer", clerk);
    REQUIRE(other);
    event_log events{here};
    caf::scoped_actor self{here.sys};
    constexpr int32_t count = 500;
    auto passed = self->request(*other, caf::infinite, count);
    for (int32_t i = 0; i < count; ++i) {
      self->send(clerk, caf::add_atom_v, int32_t{2}, i);
      auto answer = ask<int32_t>(self, clerk, caf::put_atom_v, int32_t{3}, i);
      REQUIRE(answer);
      CHECK(*answer == i);
    }
    passed.receive([&](int32_t x) { CHECK(x == count); }, [](const caf::error& why) { FAIL(to_string(why)); });
    REQUIRE(book.wait_for(3 * count));
    std::vector<int32_t> expected(count);
    std::iota(expected.begin(), expected.end(), 0);
    auto numbers = book.entries();
    for (int32_t id = 1; id <= 3; ++id)
      CHECK(numbers[id] == expected);
    // On a slow machine all of these were handled before the second one was ready.
    CHECK(eventually(
      [&] { return ask<int32_t>(self, clerk, caf::get_atom_v) && events.count(supervision_incident::recycled) >= 2; }));
    CHECK(events.count(supervision_incident::restarted) == 0);
    CHECK(here.host.dropped_messages() == 0);
  }
  before.check();
}

TEST_CASE("the handler that runs is finished, and what waits behind it is handled by the successor") {
  for (auto spares : {0u, 1u}) {
    host_fixture here;
    diary book;
    auto options = supervised();
    options.spares = spares;
    auto clerk = spawn_clerk(here, options, book);
    event_log events{here};
    test_support::gate gate;
    caf::scoped_actor self{here.sys};
    auto pid = pid_of_clerk(self, clerk);
    auto held = self->request(clerk, caf::infinite, caf::tick_atom_v, gate.path());
    REQUIRE(book.wait_for(1));
    for (int32_t i = 0; i < 100; ++i)
      self->send(clerk, caf::add_atom_v, int32_t{1}, i);
    CHECK(here.host.recycle(clerk));
    REQUIRE(eventually([&] { return here.host.live_workers() >= 2; }));
    gate.open();
    held.receive([](int32_t attempt) { CHECK(attempt == 1); }, [](const caf::error& why) { FAIL(to_string(why)); });
    REQUIRE(eventually([&] { return events.count(supervision_incident::recycled) == 1; }));
    auto event = events.all().back();
    CHECK(event.death.cause == death_cause::recycled);
    CHECK(event.death.pid == pid);
    CHECK(event.incarnation == 2);
    CHECK(pid_of_clerk(self, clerk) == event.pid);
    REQUIRE(book.wait_for(101));
    auto numbers = book.entries()[1];
    CHECK(numbers.size() == 100);
    CHECK(std::is_sorted(numbers.begin(), numbers.end()));
  }
}

TEST_CASE("an answer that was promised is given before the process is replaced, or fails after the stop timeout") {
  host_fixture here;
  diary book;
  auto clerk = spawn_clerk(here, supervised(), book);
  auto passer = here.host.spawn("passer", with_spare(), clerk);
  REQUIRE(passer);
  event_log events{here};
  test_support::gate gate;
  caf::scoped_actor self{here.sys};
  self->send(clerk, caf::tick_atom_v, gate.path());
  REQUIRE(book.wait_for(1));
  auto promised = self->request(*passer, caf::infinite, int32_t{5});
  CHECK(here.host.recycle(*passer));
  auto behind = self->request(*passer, caf::infinite, int32_t{6});
  gate.open();
  promised.receive([](int32_t x) { CHECK(x == 5); }, [](const caf::error& why) { FAIL(to_string(why)); });
  behind.receive([](int32_t x) { CHECK(x == 6); }, [](const caf::error& why) { FAIL(to_string(why)); });
  REQUIRE(eventually([&] { return events.count(supervision_incident::recycled) == 1; }));

  auto options = supervised();
  options.stop_timeout = 100ms;
  diary other;
  auto forgetful = spawn_clerk(here, options, other);
  auto never = self->request(forgetful, caf::infinite, caf::open_atom_v);
  CHECK(ask<int32_t>(self, forgetful, caf::get_atom_v));
  CHECK(here.host.recycle(forgetful));
  never.receive([](int32_t) { FAIL("answered"); },
                [](const caf::error& why) {
                  CHECK(certificate(why).cause == death_cause::recycled);
                  CHECK(certificate(why).in_doubt);
                });
  CHECK(ask<int32_t>(self, forgetful, caf::get_atom_v));
}

TEST_CASE("recycling is no crash: it counts against nothing") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    auto options = with_spare();
    options.restart.restarts_max = 1;
    options.restart.within = 24h;
    auto clerk = spawn_clerk(here, options, book);
    event_log events{here};
    caf::scoped_actor self{here.sys};
    for (size_t round = 1; round <= 4; ++round) {
      CHECK(here.host.recycle(clerk));
      REQUIRE(eventually([&] { return events.count(supervision_incident::recycled) == round; }));
    }
    auto pid = pid_of_clerk(self, clerk);
    ::kill(pid, SIGKILL);
    REQUIRE(eventually([&] { return events.count(supervision_incident::restarted) == 1; }));
    CHECK(pid_of_clerk(self, clerk) != pid);
    CHECK(events.all().back().incarnation == 6);
  }
  before.check();
}

TEST_CASE("a worker is recycled when it is old, and when its memory has grown") {
  leftovers before;
  {
    host_fixture here;
    auto options = with_spare();
    options.recycle.age_max = 1ms;
    auto old = here.host.spawn("loner", options);
    REQUIRE(old);
    event_log events{here};
    CHECK(eventually([&] { return events.count(supervision_incident::recycled) >= 2; }));
    *old = nullptr;
    CHECK(eventually([&] { return here.host.live_workers() == 0; }));
    event_log later{here};
    options.recycle = {.growth_bytes_max = uint64_t{16} << 20};
    auto fat = here.host.spawn("loner", options);
    REQUIRE(fat);
    caf::scoped_actor self{here.sys};
    auto pid = pid_of_clerk(self, *fat);
    CHECK(ask<int32_t>(self, *fat, caf::add_atom_v, int32_t{64}));
    CHECK(eventually([&] { return later.count(supervision_incident::recycled) == 1; }));
    CHECK(pid_of_clerk(self, *fat) != pid);
  }
  before.check();
}

TEST_CASE("a successor that cannot start leaves the present process at work") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    auto options = supervised();
    options.restart.within = 24h;
    options.initializer = call<&crash::start_only_once>(book.path() + ".once");
    auto clerk = spawn_clerk(here, options, book);
    event_log events{here};
    caf::scoped_actor self{here.sys};
    auto pid = pid_of_clerk(self, clerk);
    CHECK(here.host.recycle(clerk));
    REQUIRE(eventually([&] { return events.count(supervision_incident::spares_failed) == 1; }));
    CHECK(events.all().back().death.detail.find("not twice") != std::string::npos);
    CHECK(pid_of_clerk(self, clerk) == pid);
  }
  before.check();
}

TEST_CASE("a worker that dies while it is to be replaced is a crash like any other") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    auto clerk = spawn_clerk(here, supervised(), book);
    event_log events{here};
    test_support::gate gate;
    caf::scoped_actor self{here.sys};
    auto pid = pid_of_clerk(self, clerk);
    auto held = self->request(clerk, caf::infinite, caf::tick_atom_v, gate.path());
    REQUIRE(book.wait_for(1));
    auto behind = self->request(clerk, caf::infinite, caf::put_atom_v, int32_t{1}, int32_t{7});
    CHECK(here.host.recycle(clerk));
    REQUIRE(eventually([&] { return here.host.live_workers() == 2; }));
    ::kill(pid, SIGKILL);
    held.receive([](int32_t) { FAIL("answered"); },
                 [](const caf::error& why) { CHECK(certificate(why).status == SIGKILL); });
    behind.receive([](int32_t x) { CHECK(x == 7); }, [](const caf::error& why) { FAIL(to_string(why)); });
    CHECK(eventually([&] { return events.count(supervision_incident::restarted) == 1; }));
    CHECK(eventually([&] { return here.host.live_workers() == 1; }));
  }
  before.check();
}

TEST_CASE("an actor with a thread of its own finishes its handler before its process is replaced") {
  host_fixture here;
  auto loner = here.host.spawn("detached loner", with_spare());
  REQUIRE(loner);
  event_log events{here};
  caf::scoped_actor self{here.sys};
  test_support::gate gate;
  auto held = self->request(*loner, caf::infinite, caf::tick_atom_v, gate.path());
  auto behind = self->request(*loner, caf::infinite, caf::add_atom_v, int32_t{1});
  CHECK(here.host.recycle(*loner));
  gate.open();
  held.receive([](int32_t x) { CHECK(x == 1); }, [](const caf::error& why) { FAIL(to_string(why)); });
  behind.receive([](int32_t x) { CHECK(x == 1); }, [](const caf::error& why) { FAIL(to_string(why)); });
  CHECK(eventually([&] { return events.count(supervision_incident::recycled) == 1; }));
}
