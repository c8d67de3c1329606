// Workers with habits that touch more than themselves: processes and files of their own. Catches a host that waits for what they leave.
#include "certificates.hpp"
#include "supervised_actors.hpp"

#include "support/stage.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace crash;
using namespace bulkhead;
using test_support::ask;
using test_support::eventually;
using test_support::host_fixture;

namespace {

// (put_atom, path): leaves a child that inherits all and does nothing, writes its number to the path, and dies; (add_atom, path): writes
// more into the file at the path than it may; get_atom: its pid
caf::behavior wild(caf::event_based_actor*) {
  return {
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
    [](caf::put_atom, const std::string& path) {
      if (auto child = ::fork(); child == 0) {
        for (;;)
          ::pause();
      } else {
        std::ofstream{path} << child << '\n';
      }
      ::raise(SIGKILL);
    },
    [](caf::add_atom, const std::string& path) {
      rlimit limit{4096, 4096};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      std::ofstream{path} << std::string(65'536, 'x') << std::flush;
    },
  };
}

const test_support::known_actor wild_known{bulkhead::heavy<"wild", wild>::add_to};

} // namespace

TEST_CASE("a worker that leaves a process behind which has all of its descriptors dies as any other") {
  diary folder;
  auto path = folder.path() + ".child";
  {
    host_fixture here;
    event_log events{here};
    caf::scoped_actor self{here.sys};
    auto actor = here.host.spawn("wild", supervised());
    REQUIRE(actor);
    auto died = ask<void>(self, *actor, caf::put_atom_v, path);
    REQUIRE_FALSE(died);
    CHECK(died.error() == errc::worker_lost);
    CHECK(eventually([&] { return static_cast<bool>(ask<int32_t>(self, *actor, caf::get_atom_v)); }));
    CHECK(eventually([&] { return events.count(supervision_incident::restarted) == 1; }));
  }
  // It is the application's own, and the end of the host did not wait for it.
  int child = 0;
  std::ifstream{path} >> child;
  REQUIRE(child > 0);
  CHECK(process_runs(child));
  CHECK(::kill(child, SIGKILL) == 0);
}

TEST_CASE("a worker that writes a larger file than it may says so in its certificate") {
  diary folder;
  host_fixture here;
  certificate_log certificates{here};
  caf::scoped_actor self{here.sys};
  auto actor = here.host.spawn("wild");
  REQUIRE(actor);
  CHECK_FALSE(ask<void>(self, *actor, caf::add_atom_v, folder.path()));
  auto what = certificates.the_one();
  CHECK(what.death.status == SIGXFSZ);
  CHECK_THAT(what.meaning, Catch::Contains("SIGXFSZ"));
  CHECK_THAT(describe(what), Catch::Contains("SIGXFSZ"));
}
