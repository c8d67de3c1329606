// A limit for the size of files, as batch systems have it. Catches a place where the kernel ends the host with SIGXFSZ.
#include "crash/child_host.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <sstream>
#include <string>

#include <unistd.h>

using namespace crash;

TEST_CASE("a limit for the size of files is an error of what would exceed it, and never a signal") {
  for (auto bytes : {"0", "1000000", "3000000"}) {
    INFO(bytes);
    auto folder = std::filesystem::temp_directory_path() / ("bulkhead-confined-" + std::to_string(::getpid()));
    std::filesystem::create_directory(folder);
    auto host =
      start_child_host("confined", {"CONFINED_FOLDER=" + folder.string(), std::string{"CONFINED_BYTES="} + bytes});
    std::istringstream in{read_output(host)};
    CHECK((host.process.reap_within(test_support::patience) == bulkhead::platform::exit_status{}));
    std::filesystem::remove_all(folder);
    std::string last;
    for (std::string line; std::getline(in, line); last = line) {
      INFO(line);
      auto outcome = line.substr(line.find(": ") + 2);
      if (line.find(" dies: ") != line.npos)
        CHECK_THAT(outcome, Catch::Contains("SIGABRT"));
      else if (line.starts_with("a task") || line.starts_with("a worker of before: "))
        CHECK(outcome == "ok");
      else
        CHECK(
          (outcome == "ok" || outcome.starts_with("resources_exhausted") || outcome.starts_with("payload_room_full")));
    }
    CHECK(last == "end: ok");
  }
}
