// Catches a report that appears in part, a folder that grows without end, and files of others that go with the old ones.
#include "bulkhead/platform/report_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <unistd.h>

using namespace bulkhead::platform;

namespace {

class scratch_folder {
public:
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (auto& x : std::filesystem::directory_iterator{path + "/reports"})
      result.push_back(x.path().filename().string());
    std::sort(result.begin(), result.end());
    return result;
  }

  const std::string path = "/tmp/bulkhead-reports-" + std::to_string(::getpid());
};

std::string content_of(const std::string& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

TEST_CASE("a report is written whole into a folder that is made for it") {
  scratch_folder scratch;
  report_folder folder{scratch.path + "/reports", "death-", 10};
  auto path = folder.write("0.1", ".json", "all of it");
  REQUIRE(path.has_value());
  CHECK(content_of(*path) == "all of it");
  auto names = scratch.names();
  REQUIRE(names.size() == 1);
  CHECK(names[0].starts_with("death-2"));
  CHECK(names[0].ends_with("-0.1.json"));
}

TEST_CASE("only the newest reports are kept, and files with other names stay") {
  scratch_folder scratch;
  report_folder folder{scratch.path + "/reports", "death-", 2};
  std::string last;
  for (int i = 0; i < 5; ++i) {
    auto path = folder.write("x", ".json", std::to_string(i));
    REQUIRE(path.has_value());
    last = *path;
    if (i == 0)
      std::ofstream{scratch.path + "/reports/another.json"} << "mine";
  }
  CHECK(scratch.names().size() == 3);
  CHECK(content_of(last) == "4");
  CHECK(content_of(scratch.path + "/reports/another.json") == "mine");
}

TEST_CASE("a folder that cannot be made is an error that says so") {
  scratch_folder scratch;
  std::filesystem::create_directories(scratch.path);
  std::ofstream{scratch.path + "/file"} << "x";
  report_folder folder{scratch.path + "/file/reports", "death-", 2};
  auto path = folder.write("x", ".json", "text");
  REQUIRE_FALSE(path.has_value());
  CHECK(path.error().number == ENOTDIR);
}
