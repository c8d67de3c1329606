#include <catch2/catch.hpp>

#include "crash/child_host.hpp"

#include <bulkhead/platform/null_device.hpp>
#include <bulkhead/platform/pipe.hpp>
#include <bulkhead/platform/process.hpp>
#include <bulkhead/platform/socket_pair.hpp>
#include <bulkhead/platform/this_process.hpp>

#include <array>
#include <csignal>
#include <sstream>
#include <string>
#include <vector>

using namespace crash;
namespace platform = bulkhead::platform;
using test_support::eventually;

namespace {

struct running_host {
  platform::process process;
  std::vector<int> workers;
};

// Starts a host in a process of its own and waits until its two workers are up.
running_host start_host(const std::vector<std::string>& more_environment) {
  auto child = start_child_host("host", more_environment);
  auto text = read_output(child, "ready");
  running_host result{std::move(child.process), {}};
  std::istringstream lines{text};
  for (int pid = 0; lines >> pid;)
    result.workers.push_back(pid);
  REQUIRE(result.workers.size() == 2);
  return result;
}

void check_all_gone(const running_host& host) {
  for (auto pid : host.workers) {
    INFO("worker " << pid);
    CHECK(eventually([pid] { return !process_runs(pid); }));
  }
}

} // namespace

TEST_CASE("no worker survives a host that is killed, not even one that hangs in a handler") {
  leftovers before;
  {
    auto host = start_host({});
    for (auto pid : host.workers)
      CHECK(process_runs(pid));
    host.process.kill(SIGKILL);
    CHECK(host.process.reap_within(test_support::patience));
    check_all_gone(host);
  }
  before.check();
}

TEST_CASE("a reader of shared state ends with the host that is killed in the middle of a store") {
  leftovers before;
  {
    auto host = start_host({"HOST_SHARES=yes"});
    host.process.kill(SIGKILL);
    CHECK(host.process.reap_within(test_support::patience));
    check_all_gone(host);
  }
  before.check();
}

TEST_CASE("no worker survives a host that aborts") {
  leftovers before;
  {
    auto host = start_host({"HOST_ENDS=abort"});
    auto status = host.process.reap_within(test_support::patience);
    REQUIRE(status);
    CHECK(status->value == SIGABRT);
    check_all_gone(host);
  }
  before.check();
}

TEST_CASE("no worker survives a host that is killed while the workers stand still") {
  auto host = start_host({});
  for (auto pid : host.workers)
    REQUIRE(freeze(pid));
  host.process.kill(SIGKILL);
  CHECK(host.process.reap_within(test_support::patience));
  check_all_gone(host);
}
