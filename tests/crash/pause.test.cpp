// A service whose processes all stand still for a while. Catches limits of time that count it.
#include "crash/child_host.hpp"

#include "support/stage.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <sys/stat.h>

using namespace crash;
using test_support::eventually;

namespace {

constexpr std::chrono::milliseconds limit{5'000};

/// While it lives, all processes of a group stand still.
struct still_group {
  explicit still_group(int group) : group_(group) {
    REQUIRE(freeze(group));
    REQUIRE(::kill(-group, SIGSTOP) == 0);
  }
  still_group(const still_group&) = delete;
  still_group& operator=(const still_group&) = delete;
  ~still_group() {
    ::kill(-group_, SIGCONT);
  }

private:
  int group_;
};

} // namespace

TEST_CASE("time in which all processes of a service stand still counts towards no limit") {
  test_support::gate gate;
  REQUIRE(::mkfifo(gate.path().c_str(), 0600) == 0);
  auto host = start_child_host("paused", {"PAUSED_GATE=" + gate.path(), "PAUSED_MS=" + std::to_string(limit.count())});
  (void) read_output(host, "ready\n");
  {
    still_group all{host.process.pid()};
    auto until = std::chrono::steady_clock::now() + limit + limit / 4;
    REQUIRE(eventually([until] { return std::chrono::steady_clock::now() >= until; }));
  }
  gate.open();
  auto text = read_output(host);
  CHECK((host.process.reap_within(test_support::patience) == bulkhead::platform::exit_status{}));
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  CHECK(lines
        == std::vector<std::string>{"time_max of a handler: 1", "stall_max of an actor: 1", "time_max of a task: 1",
                                    "stall_max of an executor: 1", "drain: 0", "startup_timeout: 1",
                                    "stop_timeout: caf::exit_reason::user_shutdown", "stop_within: ok"});
}
