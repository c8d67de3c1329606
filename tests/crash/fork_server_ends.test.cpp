// A fork server that fails. Catches a failure that reaches an actor which needs none, and processes that are left behind.
#include "child_host.hpp"
#include "fork_actors.hpp"

#include <bulkhead/executor.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <set>
#include <sstream>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using test_support::host_fixture;

TEST_CASE("a fork server that is killed takes no worker along, and comes back") {
  leftovers before;
  {
    diary book;
    forked_loaders x{forked_after_load(book)};
    auto first = x.spawn();
    auto former = x.pid(first);
    auto server = x.server_besides({former});
    REQUIRE(server > 0);
    ::kill(server, SIGKILL);
    REQUIRE(eventually([&] { return x.events.count(supervision_incident::fork_server_failed) == 1; }));
    auto event = x.events.all().back();
    CHECK(event.pid == server);
    CHECK(describe(event).find("signal 9") != std::string::npos);
    CHECK(x.pid(first) == former);
    // Started from the program meanwhile, and it has loaded for itself.
    auto second = x.spawn();
    CHECK(x.loaded_by(second) == book.path());
    CHECK(loads(book) == 2);
    // And by a new server soon after that.
    std::vector<caf::actor> more;
    CHECK(eventually([&] {
      more.push_back(x.spawn());
      auto before_last = loads(book);
      more.push_back(x.spawn());
      return loads(book) == before_last;
    }));
    CHECK(x.loaded_by(more.back()) == book.path());
    CHECK(x.pid(first) == former);
  }
  before.check();
}

TEST_CASE("a preload that throws is the error of the spawn, and is tried again") {
  leftovers before;
  {
    forked_loaders x{forked()};
    x.wanted.preload = call<&crash::load_badly>(std::string{"throw"});
    for (int i = 0; i < 2; ++i) {
      auto failed = x.here.host.spawn("loader", x.wanted);
      REQUIRE_FALSE(failed);
      CHECK(failed.error() == errc::constructor_failed);
      CHECK(to_string(failed.error()).find("preload failed") != std::string::npos);
      CHECK(to_string(failed.error()).find("no model") != std::string::npos);
    }
    CHECK(x.events.count(supervision_incident::fork_server_failed) == 0);
  }
  before.check();
}

TEST_CASE("a preload that dies, hangs or leaves a thread is told, and workers start without the fork server") {
  leftovers before;
  {
    test_support::gate gate;
    for (auto& how : {std::string{"die"}, gate.path(), std::string{"thread"}}) {
      forked_loaders x{forked()};
      x.wanted.preload = call<&crash::load_badly>(how);
      auto hangs = how == gate.path();
      if (hangs)
        x.wanted.startup_timeout = 500ms;
      auto started = x.here.host.spawn("loader", x.wanted);
      REQUIRE(eventually([&] { return x.events.count(supervision_incident::fork_server_failed) == 1; }));
      auto text = describe(x.events.all().front());
      if (how == "thread") {
        REQUIRE(started);
        CHECK(ask<int32_t>(x.self, *started, caf::get_atom_v));
        CHECK(text.find("several threads") != std::string::npos);
      } else {
        REQUIRE_FALSE(started);
        CHECK(started.error() == (hangs ? errc::startup_timeout : errc::startup_failed));
        CHECK(text.find(hangs ? "not ready within 500 ms" : "signal 9") != std::string::npos);
      }
    }
  }
  before.check();
}

TEST_CASE("a fork server that stands still is replaced after one start has failed") {
  leftovers before;
  {
    forked_loaders x{forked()};
    auto first = x.spawn();
    auto server = x.server_besides({x.pid(first)});
    REQUIRE(server > 0);
    REQUIRE(freeze(server));
    auto impatient = forked();
    impatient.startup_timeout = 500ms;
    auto late = x.here.host.spawn("loader", impatient);
    REQUIRE_FALSE(late);
    CHECK(late.error() == errc::startup_timeout);
    REQUIRE(eventually([&] { return x.events.count(supervision_incident::fork_server_failed) == 1; }));
    CHECK(describe(x.events.all().front()).find("no copy within 500 ms") != std::string::npos);
    CHECK(x.pid(first) > 0);
    CHECK(x.pid(x.spawn()) > 0);
  }
  before.check();
}

TEST_CASE("a host that ends or is killed leaves neither copies nor their server behind") {
  leftovers before;
  {
    auto child = start_child_host("host", {"HOST_FORKS=1", "HOST_SPARES=1"});
    std::set<int> all;
    std::istringstream lines{read_output(child, "ready")};
    for (int pid = 0; lines >> pid;)
      all.insert(pid);
    REQUIRE(all.size() == 4);
    for (auto pid : all)
      CHECK(process_runs(pid));
    child.process.kill(SIGKILL);
    CHECK(child.process.reap_within(test_support::patience));
    for (auto pid : all)
      CHECK(eventually([pid] { return !process_runs(pid); }));
  }
  before.check();
}

TEST_CASE("a host that ends while copies are being made reaps them") {
  leftovers before;
  for (int i = 0; i < 20; ++i) {
    host_fixture here;
    auto first = here.host.spawn("loader", forked());
    REQUIRE(first);
    auto spawner = here.sys.spawn([i](caf::event_based_actor* self) {
      for (int n = 0; n < 4; ++n)
        host::of(self->system())
          .spawn_async(self, "loader", forked())
          .then([](const caf::actor&) {}, [](const caf::error&) {});
      self->delayed_send(self, std::chrono::microseconds{200 * i}, caf::ok_atom_v);
      self->become([self](caf::ok_atom) { self->quit(); });
    });
    caf::scoped_actor self{here.sys};
    self->wait_for(spawner);
  }
  before.check();
}
