// Catches a kill of the kernel that goes unnoticed, and one elsewhere on the machine that is taken for one of this group.
#include "bulkhead/platform/oom_kills.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

using namespace bulkhead::platform;

namespace {

/// A tree with the files that the kernel would show.
class fake_root {
public:
  fake_root() {
    std::filesystem::create_directories(path_ + "proc/self");
    std::filesystem::create_directories(path_ + "sys/fs/cgroup/a/b");
    write("proc/vmstat", "nr_free_pages 1\noom_kill 5\nballoon_inflate 0\n");
  }
  ~fake_root() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  fake_root(const fake_root&) = delete;
  fake_root& operator=(const fake_root&) = delete;

  void write(const std::string& name, const std::string& text) {
    std::ofstream{path_ + name} << text;
  }

  [[nodiscard]] const std::string& path() const {
    return path_;
  }

private:
  std::string path_ = "/tmp/bulkhead-oom-" + std::to_string(::getpid()) + "/";
};

} // namespace

TEST_CASE("the kernel's count of kills is read, of the control group where there is one") {
  fake_root root;
  CHECK(count_oom_kills(root.path()).machine == 5u);
  CHECK_FALSE(count_oom_kills(root.path()).group);
  root.write("proc/self/cgroup", "1:name=systemd:/x\n0::/a/b\n");
  root.write("sys/fs/cgroup/a/b/memory.events", "low 0\nhigh 0\nmax 0\noom 3\noom_kill 2\n");
  CHECK(count_oom_kills(root.path()).group == 2u);
  CHECK_FALSE(count_oom_kills("/no/such/root/").machine);
  (void) count_oom_kills(); // of this machine, whatever it has
}

TEST_CASE("a kill counts if it was in the group, or anywhere if only the machine's are known") {
  CHECK(rose({2, 5}, {3, 6}));
  CHECK_FALSE(rose({2, 5}, {2, 6}));
  CHECK(rose({std::nullopt, 5}, {std::nullopt, 6}));
  CHECK_FALSE(rose({std::nullopt, 5}, {std::nullopt, 5}));
  CHECK_FALSE(rose({}, {}));
}
