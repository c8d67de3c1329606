// Catches a certificate that does not reach its folder whole, a folder without bound, and a folder that stops the service.
#include "crash/certificates.hpp"

#include <catch2/catch.hpp>

#include <caf/json_reader.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace crash;
using test_support::eventually;

namespace {

class scratch_folder {
public:
  scratch_folder() {
    std::string name = "/tmp/bulkhead-certificates-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const {
    return path_;
  }

private:
  std::filesystem::path path_;
};

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// A system whose certificates go to a folder.
struct filing_host {
  struct configuration : bulkhead::config {
    configuration(const std::string& folder, uint32_t files_max) {
      test_support::add_known_actors(*this);
      load<bulkhead::host>();
      set("caf.scheduler.max-threads", 2);
      set("bulkhead.certificates-dir", folder);
      set("bulkhead.certificates-max", files_max);
    }
  };

  explicit filing_host(const std::string& folder, uint32_t files_max = 100)
    : cfg(folder, files_max), sys(cfg), host(bulkhead::host::of(sys)) {
    host.log_to([this](std::string_view line) {
      std::lock_guard guard{mutex};
      log.emplace_back(line);
    });
  }

  size_t logged(const std::string& part) {
    std::lock_guard guard{mutex};
    return static_cast<size_t>(
      std::count_if(log.begin(), log.end(), [&](auto& x) { return x.find(part) != std::string::npos; }));
  }

  /// Lets workers die, one after the other.
  void bury(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      auto victim = host.spawn("mortal");
      REQUIRE(victim);
      outcomes out;
      ask(sys, *victim, out, 1, caf::make_message(std::string{"exit"}));
      REQUIRE(eventually([&] { return out.total() == 1; }));
    }
  }

  std::mutex mutex;
  std::vector<std::string> log;
  configuration cfg;
  caf::actor_system sys;
  bulkhead::host host;
};

} // namespace

TEST_CASE("certificates are written to a folder, the newest ones are kept, and other files are left alone") {
  scratch_folder folder;
  auto sub = folder.path() / "of" / "deaths";
  std::filesystem::create_directories(sub);
  std::ofstream{sub / "notes.txt"} << "mine";
  {
    filing_host f{sub.string(), 3};
    f.bury(5);
  }
  size_t reports = 0;
  for (auto& file : std::filesystem::directory_iterator{sub}) {
    if (file.path().filename() == "notes.txt")
      continue;
    ++reports;
    CHECK(file.path().extension() == ".json");
    caf::json_reader reader;
    REQUIRE(reader.load(content_of(file.path())));
    bulkhead::death_certificate what;
    REQUIRE(reader.apply(what));
    CHECK(what.death.status == 3);
    CHECK(what.roots == std::vector<std::string>{"mortal"});
    CHECK(what.death.slot >= 2);
  }
  CHECK(reports == 3);
  CHECK(content_of(sub / "notes.txt") == "mine");
}

TEST_CASE("a folder that cannot be written to is told once, and all goes on") {
  scratch_folder folder;
  auto file = folder.path() / "file";
  std::ofstream{file} << "no folder";
  filing_host f{(file / "below").string()};
  f.bury(3);
  REQUIRE(eventually([&] { return f.logged("exited with code 3") == 3; }));
  CHECK(eventually([&] { return f.logged("bulkhead.certificates-dir") == 1; }));
  CHECK(content_of(file) == "no folder");
}
