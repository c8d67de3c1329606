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

TEST_CASE("kills are noticed, once each") {
  fake_root root;
  oom_kills here{root.path()};
  CHECK_FALSE(here.any_more());
  root.write("proc/vmstat", "nr_free_pages 1\noom_kill 7\nballoon_inflate 0\n");
  CHECK(here.any_more());
  CHECK_FALSE(here.any_more());
}

TEST_CASE("only kills in the control group count, where they are counted") {
  fake_root root;
  root.write("proc/self/cgroup", "1:name=systemd:/x\n0::/a/b\n");
  root.write("sys/fs/cgroup/a/b/memory.events", "oom_kill 2\nlow 0\nhigh 0\nmax 0\noom 3\n");
  oom_kills here{root.path()};
  root.write("proc/vmstat", "oom_kill 6\n");
  CHECK_FALSE(here.any_more());
  root.write("sys/fs/cgroup/a/b/memory.events", "oom_kill 3\nlow 0\nhigh 0\nmax 0\noom 4\n");
  CHECK(here.any_more());
}

TEST_CASE("what does not count kills has seen none") {
  oom_kills nowhere{"/no/such/root/"};
  CHECK_FALSE(nowhere.any_more());
  fake_root root;
  root.write("proc/vmstat", "nr_free_pages 1\noom_kill x\n");
  CHECK_FALSE(oom_kills{root.path()}.any_more());
  oom_kills here;
  (void) here.any_more(); // of this machine, whatever it has
}
