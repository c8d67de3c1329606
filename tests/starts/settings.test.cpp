// The configuration of the host is that of its workers.
#include "starts/actors.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

using namespace starts;

namespace {

// What the program prints, by what stands in front of the colon.
std::map<std::string, std::string> seen_with(const std::string& arguments) {
  auto pipe = ::popen(('"' + child_program("configured") + "\" " + arguments + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string all;
  for (char text[256]; std::fgets(text, sizeof text, pipe) != nullptr;)
    all += text;
  CHECK(::pclose(pipe) == 0);
  std::map<std::string, std::string> result;
  std::istringstream lines{all};
  for (std::string line; std::getline(lines, line);)
    if (auto colon = line.find(": "); colon != std::string::npos)
      result.emplace(line.substr(0, colon), line.substr(colon + 2));
  INFO(all);
  REQUIRE(result.size() >= 6);
  return result;
}

} // namespace

TEST_CASE("actors in a worker see the options of the host's command line") {
  auto seen = seen_with("--app.quality=77 --app.colour=blue --loud --caf.scheduler.max-threads=2 word 'two words'");
  CHECK(seen["host"] == "quality 77, value 77, colour blue, threads 2, loud, word, two words");
  CHECK(seen["worker"] == "quality 77, value 77, colour blue, threads 1, loud, word, two words");
  CHECK(seen["copy"] == seen["worker"]);
  SECTION("and a worker's own arguments come before them") {
    CHECK(seen["with arguments"] == "quality 99, value 99, colour blue, threads 1, loud, --unknown=1, word");
    CHECK(seen["copy with arguments"] == seen["with arguments"]);
    CHECK(seen["with a wrong argument"].starts_with("invalid_option"));
    CHECK(seen["with a wrong argument"].find("--app.quality=much") != std::string::npos);
  }
}

TEST_CASE("actors in a worker see the options of the host's configuration file") {
  std::random_device source;
  auto path = std::filesystem::temp_directory_path() / ("bulkhead_settings_" + std::to_string(source()) + ".conf");
  std::ofstream{path} << "app {\n  quality = 60\n  colour = \"dark red\"\n}\n";
  auto seen = seen_with("--app.quality=61 --config-file=" + path.string());
  std::filesystem::remove(path);
  CHECK(seen["worker"] == "quality 61, value 61, colour dark red, threads 1");
  CHECK(seen["copy"] == seen["worker"]);
  CHECK(seen["with arguments"] == "quality 99, value 99, colour dark red, threads 1, --unknown=1, word");
}

TEST_CASE("a worker without a configuration of its host keeps its own") {
  auto seen = seen_with("");
  CHECK(seen["worker"] == "quality 50, value -1, colour none, threads 1");
}
