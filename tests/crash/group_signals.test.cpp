// Signals that go to a whole terminal or service. Catches workers that end of them although the host goes on, and commands that find other
// settings than the host's own would.
#include "crash/child_host.hpp"

#include "support/stage.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <sys/stat.h>

using namespace crash;
using test_support::eventually;
using strings = std::vector<std::string>;

namespace {

/// Workers as programs, and as copies of one.
const std::vector<strings> both_kinds{{}, {"GROUP_FORKS=1"}};

strings with(strings environment, std::initializer_list<const char*> more) {
  environment.insert(environment.end(), more.begin(), more.end());
  return environment;
}

strings lines_of_host(const strings& environment) {
  auto host = start_child_host("group", environment);
  auto text = read_output(host);
  auto status = host.process.reap_within(test_support::patience);
  REQUIRE(status);
  CHECK((*status == bulkhead::platform::exit_status{}));
  strings result;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    result.push_back(line);
  return result;
}

} // namespace

TEST_CASE("signals that go to all processes of a service leave its workers at their work") {
  for (auto& kind : both_kinds) {
    test_support::gate gate;
    REQUIRE(::mkfifo(gate.path().c_str(), 0600) == 0);
    auto where = "GROUP_GATE=" + gate.path();
    CHECK(lines_of_host(with(kind, {"GROUP_DOES=tasks", where.c_str()})) == strings{"1", "1", "end"});
  }
}

TEST_CASE("signals that go to all processes of a service end no worker that starts just then") {
  for (auto& kind : both_kinds) {
    auto lines = lines_of_host(with(kind, {"GROUP_DOES=starts"}));
    CHECK(lines.size() == 21);
    for (auto& x : lines)
      CHECK((x == "ok" || x == "end"));
  }
}

TEST_CASE("a command of a handler has the signals and descriptors that it would have if the host ran it") {
  std::vector<strings> settings{{}, {"GROUP_IGNORES=1"}, {"GROUP_IGNORES=2", "GROUP_BLOCKS=10"}, {"GROUP_BLOCKS=15"}};
  for (auto& kind : both_kinds)
    for (auto& more : settings) {
      auto environment = with(kind, {"GROUP_DOES=command"});
      environment.insert(environment.end(), more.begin(), more.end());
      CAPTURE(environment);
      auto lines = lines_of_host(environment);
      auto middle = std::find(lines.begin(), lines.end(), "--");
      REQUIRE(lines.end() - middle > 4);
      strings in_host(lines.begin(), middle), in_worker(middle + 1, lines.end() - 1);
      CHECK(in_host.size() == 4);
      CHECK(in_host == in_worker);
      CHECK(lines.back() == "end");
    }
}

TEST_CASE("Ctrl-C ends a command that a handler runs, and not its worker") {
  for (auto& kind : both_kinds) {
    auto host = start_child_host("group", with(kind, {"GROUP_DOES=pid"}));
    auto command = std::stoi(read_output(host, "\n"));
    CHECK(::kill(-host.process.pid(), SIGINT) == 0);
    CHECK_THAT(read_output(host), Catch::StartsWith("2\n")); // the status of a process that SIGINT has ended
    CHECK_FALSE(process_runs(command));
    CHECK((host.process.reap_within(test_support::patience) == bulkhead::platform::exit_status{}));
  }
}
