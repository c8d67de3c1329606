// The end of a worker in good order is one: destructors, exit handlers and the finalizer run, in bounded time, and nothing is reported.
#include "starts/actors.hpp"

#include <bulkhead/executor.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>

using namespace bulkhead;
using namespace starts;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::count_children;
using test_support::end_of;
using test_support::eventually;
using test_support::host_fixture;

namespace {

// What a program leaves to the end of its process.
std::ofstream buffered;
std::string exit_mark;

struct remover {
  std::string path;
  ~remover() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

struct slow_end {
  ~slow_end() {
    starts::hang();
  }
};

} // namespace

namespace starts {

void prepare_end(const std::string& log, const std::string& temporary, const std::string& mark) {
  buffered.open(log);
  leave_a_mark(temporary);
  static remover at_end{temporary};
  exit_mark = mark;
  std::atexit([] { leave_a_mark(exit_mark); });
}

int32_t write_line(int32_t number) {
  buffered << "line " << number << '\n';
  return number;
}

void end_slowly() {
  static slow_end at_end;
}

} // namespace starts

namespace {

size_t lines_in(const std::string& path) {
  std::ifstream in{path};
  size_t result = 0;
  for (std::string line; std::getline(in, line);)
    ++result;
  return result;
}

bool all_ended(const host_fixture& here) {
  return here.host.live_workers() == 0 && count_children() == 0;
}

} // namespace

TEST_CASE("what a worker of an executor has buffered is written, and what it leaves to its exit is done") {
  scratch_file log, temporary, mark;
  host_fixture here;
  executor pool{here.sys,
                {.workers_max = 1,
                 .initializer = call<&starts::prepare_end>(log.path(), temporary.path(), mark.path()),
                 .finalizer = call<&starts::leave_a_mark>(mark.path())}};
  for (int32_t i = 0; i < 100; ++i)
    REQUIRE(pool.submit<&starts::write_line>(i).get());
  CHECK(temporary.size() == 1);
  CHECK_FALSE(pool.shutdown_and_wait());
  REQUIRE(eventually([&] { return all_ended(here); }));
  CHECK(lines_in(log.path()) == 100);
  CHECK(temporary.size() == 0);
  CHECK(mark.size() == 2);
}

TEST_CASE(
  "the finalizer runs once in each process that ends in good order: workers, spares and copies of a fork server") {
  scratch_file mark;
  size_t processes = 1;
  {
    host_fixture here;
    worker_options options;
    options.finalizer = call<&starts::leave_a_mark>(mark.path());
    SECTION("a worker that is stopped with its system") {
      REQUIRE(here.host.spawn("steady", options));
    }
    SECTION("a worker of several actors that is stopped") {
      auto worker = here.host.start_worker(options);
      REQUIRE(worker);
      REQUIRE(worker->spawn("steady"));
      worker->stop();
    }
    SECTION("a worker whose actor quits") {
      REQUIRE(here.host.spawn("quitter", options, std::string{"normal"}, std::string{"first turn"}));
    }
    SECTION("a supervised actor and its spare") {
      options.restart.when = restart_when::on_crash;
      options.spares = 1;
      processes = 2;
      auto actor = here.host.spawn("steady", options);
      REQUIRE(actor);
      REQUIRE(eventually([&] { return here.host.ready_spares() == 1; }));
    }
    SECTION("a copy of a fork server") {
      options.fork_server = true;
      REQUIRE(here.host.spawn("steady", options));
    }
  }
  CHECK(mark.size() == processes);
}

TEST_CASE("a process that is replaced as planned ends in good order, and its successor goes on") {
  scratch_file mark, log, temporary, exits;
  host_fixture here;
  death_log deaths{here};
  worker_options options;
  options.restart.when = restart_when::on_crash;
  options.initializer = call<&starts::prepare_end>(log.path(), temporary.path(), exits.path());
  options.finalizer = call<&starts::leave_a_mark>(mark.path());
  auto actor = here.host.spawn("steady", options);
  REQUIRE(actor);
  caf::scoped_actor self{here.sys};
  auto first = ask<int32_t>(self, *actor, caf::get_atom_v);
  REQUIRE(first);
  REQUIRE(here.host.recycle(*actor));
  REQUIRE(eventually([&] {
    auto now = ask<int32_t>(self, *actor, caf::get_atom_v);
    return now && *now != *first;
  }));
  CHECK(mark.size() == 1);
  CHECK(exits.size() == 1);
  CHECK(deaths.lines().empty());
}

TEST_CASE("a finalizer that fails is a crash that says so") {
  host_fixture here;
  death_log deaths{here};
  worker_options options;
  options.finalizer = call<&starts::fail>();
  auto worker = here.host.start_worker(options);
  REQUIRE(worker);
  worker->stop();
  REQUIRE(eventually([&] { return deaths.certificates().size() == 1; }));
  auto told = to_json(deaths.certificates().front());
  CHECK(told.find("could not say goodbye") != std::string::npos);
  CHECK(told.find("the finalizer failed") != std::string::npos);
}

TEST_CASE("a destructor that hangs at the end of a worker is bounded by the stop timeout") {
  host_fixture here;
  death_log deaths{here};
  worker_options options;
  options.stop_timeout = 100ms;
  options.initializer = call<&starts::end_slowly>();
  SECTION("of a worker that is stopped") {
    auto worker = here.host.start_worker(options);
    REQUIRE(worker);
    worker->stop();
  }
  SECTION("of a worker whose actor has quit") {
    REQUIRE(here.host.spawn("quitter", options, std::string{"normal"}, std::string{"first turn"}));
  }
  CHECK(eventually([&] { return all_ended(here); }));
  REQUIRE(eventually([&] { return deaths.certificates().size() == 1; }));
  CHECK(deaths.certificates().front().death.cause == death_cause::stopped);
}

TEST_CASE("a worker that ended as it was told to has no certificate, in whatever way its status was lost") {
  host_fixture here;
  death_log deaths{here};
  worker_options options;
  auto lost = false;
  SECTION("it is kept") {}
  SECTION("the application ignores the ends of its children") {
    lost = true;
  }
  SECTION("it has no time to end in") {
    options.stop_timeout = 0ms;
  }
  if (lost)
    std::signal(SIGCHLD, SIG_IGN);
  auto worker = here.host.start_worker(options);
  auto alone = here.host.spawn("steady", options);
  auto quits = here.host.spawn("quitter", std::string{"normal"}, std::string{"now"});
  auto supervised = options;
  supervised.restart.when = restart_when::on_crash;
  auto kept = here.host.spawn("steady", supervised);
  REQUIRE((worker && alone && quits && kept));
  worker->stop();
  caf::anon_send_exit(*alone, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(*kept, caf::exit_reason::user_shutdown);
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
  std::signal(SIGCHLD, SIG_DFL);
  // The certificate of one that really died comes behind those of the others.
  auto dies = here.host.start_worker();
  REQUIRE(dies);
  REQUIRE(::kill(dies->pid(), SIGSEGV) == 0);
  REQUIRE(eventually([&] { return !deaths.certificates().empty(); }));
  auto all = deaths.certificates();
  CHECK(all.size() == 1);
  CHECK(all.front().death.pid == dies->pid());
}

TEST_CASE("a finalizer that can never run is no option, nor is one that is set twice") {
  host_fixture here;
  worker_options options;
  options.stop_timeout = 0ms;
  options.finalizer = call<&starts::fail>();
  auto never = here.host.start_worker(options);
  REQUIRE_FALSE(never);
  CHECK(never.error() == errc::invalid_option);
  CHECK(to_string(never.error()).find("finalizer") != std::string::npos);
  executor pool{here.sys, {.finalizer = call<&starts::fail>(), .worker = {.finalizer = call<&starts::fail>()}}};
  auto twice = pool.submit<&starts::write_line>(1).get();
  REQUIRE_FALSE(twice);
  CHECK(twice.error() == errc::invalid_option);
}
