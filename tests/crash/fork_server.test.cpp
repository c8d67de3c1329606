// Workers that are copies of one process. Catches what a copy lacks or has twice, and options that do not go together.
#include "certificates.hpp"
#include "fork_actors.hpp"
#include "upgrade_service.hpp"

#include <bulkhead/executor.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>

#include <unistd.h>

using namespace crash;
using namespace bulkhead;
using test_support::ask;
using test_support::children;
using test_support::eventually;
using test_support::host_fixture;

TEST_CASE(
  "workers are copies of a process that has loaded once, children of the host, and no one's memory is another's") {
  leftovers before;
  {
    diary book;
    forked_loaders x{forked_after_load(book)};
    std::mutex mutex;
    std::vector<std::string> lines;
    x.here.host.log_to([&](std::string_view line) {
      std::lock_guard guard{mutex};
      lines.emplace_back(line);
    });
    auto first = x.spawn();
    auto second = x.spawn();
    auto third = x.spawn();
    CHECK(loads(book) == 1);
    CHECK(x.loaded_by(first) == book.path());
    CHECK(ask<int32_t>(x.self, first, caf::put_atom_v, std::string{"changed"}) == ::getpid());
    CHECK(x.loaded_by(first) == "changed");
    CHECK(x.loaded_by(second) == book.path());
    CHECK(x.loaded_by(x.spawn()) == book.path());
    CHECK(x.pid(first) != x.pid(second));
    CHECK(children().size() >= 4);
    CHECK(x.here.host.live_workers() >= 3);
    auto told = [&](const std::string& text) {
      std::lock_guard guard{mutex};
      return std::count_if(lines.begin(), lines.end(), [&](auto& line) { return line.find(text) != line.npos; });
    };
    CHECK(eventually([&] { return told("loaded") == 1; }));
    CHECK(told("[fork server ") == 1);
  }
  before.check();
}

TEST_CASE("a supervised worker that dies is replaced by another copy") {
  leftovers before;
  {
    diary book;
    diary notes;
    host_fixture here;
    event_log events{here};
    auto options = supervised();
    options.fork_server = true;
    options.preload = call<&crash::load>(notes.path());
    auto clerk = spawn_clerk(here, options, book);
    caf::scoped_actor self{here.sys};
    for (uint32_t round = 1; round <= 5; ++round) {
      auto pid = ask<int32_t>(self, clerk, caf::get_atom_v);
      REQUIRE(pid);
      ::kill(*pid, SIGKILL);
      CHECK(ask<int32_t>(self, clerk, caf::put_atom_v, int32_t{1}, static_cast<int32_t>(round)));
      CHECK(eventually([&] { return events.count(supervision_incident::restarted) == round; }));
    }
    CHECK(book.entries().at(1) == std::vector<int32_t>{1, 2, 3, 4, 5});
    CHECK(loads(notes) == 1);
    CHECK(events.count(supervision_incident::fork_server_failed) == 0);
  }
  before.check();
}

TEST_CASE("the crash of a copy is explained as that of any worker") {
  auto what = certificate_of_death("fault", forked());
  CHECK(what.address == 0x40);
  REQUIRE_FALSE(what.stack.empty());
  CHECK(what.stack.front().function.find("write_nowhere") != std::string::npos);
  CHECK(what.memory_peak_bytes > 0);
}

TEST_CASE("spares, pools and executors take copies") {
  leftovers before;
  {
    diary book;
    forked_loaders x{forked_after_load(book)};
    x.wanted.spares = 2;
    auto first = x.spawn();
    REQUIRE(eventually([&] { return x.here.host.ready_spares() == 2; }));
    CHECK(x.loaded_by(x.spawn()) == book.path());

    pool_options several;
    several.workers_min = 2;
    several.worker = forked_after_load(book);
    several.worker.preload = x.wanted.preload;
    auto pool = x.here.host.pool("loader", several);
    REQUIRE(pool);
    CHECK(x.loaded_by(*pool) == book.path());

    executor_options tasks;
    tasks.worker = several.worker;
    executor runs{x.here.sys, tasks};
    CHECK(runs.submit<&crash::what_was_loaded>().get() == book.path());
    CHECK(loads(book) == 1);
  }
  before.check();
}

TEST_CASE("an upgrade brings a fork server of the other program") {
  leftovers before;
  {
    auto options = first_version();
    options.fork_server = true;
    service x{options};
    CHECK(x.version() == 1);
    CHECK(x.here.host.upgrade(x.actor, version(2)).get());
    CHECK(x.version() == 2);
    x.kill();
    CHECK(x.version() == 2);
    auto unwilling = x.here.host.upgrade(x.actor, version(3, "throws")).get();
    REQUIRE_FALSE(unwilling);
    CHECK(unwilling.error() == errc::upgrade_failed);
    CHECK(x.version() == 2);
  }
  before.check();
}

TEST_CASE("a fork server is no option with a prefix, and preload none without it") {
  host_fixture here;
  auto wrong = [&](const worker_options& options, const std::string& name) {
    auto failed = here.host.spawn("loader", options);
    REQUIRE_FALSE(failed);
    CHECK(failed.error() == errc::invalid_option);
    CHECK(to_string(failed.error()).find(name) != std::string::npos);
  };
  auto prefixed = forked();
  prefixed.command_prefix = {"env"};
  wrong(prefixed, "fork_server");
  worker_options alone;
  alone.preload = call<&crash::load>(std::string{});
  wrong(alone, "preload");
}

#ifndef __SANITIZE_ADDRESS__ // which reserves more memory than any limit would allow

TEST_CASE("a limit of memory counts from what a copy has") {
  auto options = forked();
  options.memory_bytes_max = uint64_t{64} << 20;
  auto what = certificate_of_death("memory", options);
  CHECK(what.death.cause == death_cause::out_of_memory);
  CHECK(what.limit == "memory_bytes_max");
}

#endif
