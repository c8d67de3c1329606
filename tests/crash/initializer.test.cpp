// What runs in each process before its actor does.
#include "supervised_actors.hpp"

#include "support/stage.hpp"

#include <bulkhead/executor.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using test_support::host_fixture;

namespace crash {

// Once for each process, in a file that outlives it.
void leave_a_mark(const std::string& path) {
  std::ofstream{path, std::ios::app} << 'x';
}

void succeed_once(const std::string& path) {
  if (!std::filesystem::create_directory(path))
    throw std::runtime_error{"not twice"};
}

void fail_to_start(const std::string& how) {
  if (how == "throw")
    throw std::runtime_error{"no model"};
  if (how == "die")
    ::raise(SIGKILL);
  test_support::gate::wait_for(how);
}

} // namespace crash

namespace {

size_t marks(const std::string& path) {
  std::error_code none;
  auto size = std::filesystem::file_size(path, none);
  return none ? 0 : size;
}

} // namespace

TEST_CASE("an initializer has run in each process before its actor comes, and before a spare is ready") {
  host_fixture here;
  diary book;
  auto path = book.path() + ".marks";
  auto options = supervised();
  options.spares = 1;
  options.initializer = call<&crash::leave_a_mark>(path);
  auto clerk = spawn_clerk(here, options, book);
  CHECK(marks(path) >= 1);
  REQUIRE(eventually([&] { return here.host.ready_spares() == 1; }));
  CHECK(marks(path) == 2);
  caf::scoped_actor self{here.sys};
  auto pid = ask<int32_t>(self, clerk, caf::get_atom_v);
  REQUIRE(pid);
  ::kill(*pid, SIGKILL);
  REQUIRE(eventually([&] { return !process_runs(*pid); }));
  CHECK(ask<int32_t>(self, clerk, caf::get_atom_v));
  CHECK(eventually([&] { return here.host.ready_spares() == 1 && marks(path) == 3; }));
}

TEST_CASE("an initializer that throws, dies or hangs is a failed start, and leaves nothing") {
  leftovers before;
  {
    host_fixture here;
    test_support::gate gate;
    const std::vector<std::pair<std::string, errc>> all{
      {"throw", errc::constructor_failed}, {"die", errc::startup_failed}, {gate.path(), errc::startup_timeout}};
    for (auto& [how, code] : all) {
      worker_options options;
      if (code == errc::startup_timeout)
        options.startup_timeout = 500ms;
      options.initializer = call<&crash::fail_to_start>(how);
      auto failed = here.host.spawn("victim", options);
      REQUIRE_FALSE(failed);
      CHECK(failed.error() == code);
      if (code == errc::constructor_failed)
        CHECK(to_string(failed.error()).find("no model") != std::string::npos);
      auto unhelped = here.host.start_worker(options);
      REQUIRE_FALSE(unhelped);
      CHECK(unhelped.error() == code);
    }
    CHECK(eventually([&] { return here.host.live_workers() == 0; }));
  }
  before.check();
}

TEST_CASE("a program that cannot start as a spare is reported, and the actor that lives goes on") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    auto options = supervised();
    options.spares = 2;
    options.restart.restarts_max = 2;
    options.restart.within = 24h;
    options.initializer = call<&crash::succeed_once>(book.path() + ".once");
    event_log events{here};
    auto clerk = spawn_clerk(here, options, book);
    REQUIRE(eventually([&] { return events.count(supervision_incident::spares_failed) == 1; }));
    CHECK(events.all().back().death.detail.find("not twice") != std::string::npos);
    CHECK(here.host.ready_spares() == 0);
    caf::scoped_actor self{here.sys};
    CHECK(ask<int32_t>(self, clerk, caf::get_atom_v));
    CHECK(eventually([&] { return here.host.live_workers() == 1; }));
  }
  before.check();
}

TEST_CASE("spares beyond the limit, or for a worker with several actors, are no option") {
  host_fixture here;
  worker_options options;
  options.spares = 65;
  auto many = here.host.spawn("victim", options);
  REQUIRE_FALSE(many);
  CHECK(many.error() == errc::invalid_option);
  CHECK(to_string(many.error()).find("spares") != std::string::npos);
  options.spares = 1;
  auto several = here.host.start_worker(options);
  REQUIRE_FALSE(several);
  CHECK(several.error() == errc::invalid_option);
}
