// Catches a quota of CPU time that is not seen, or that of a group which this process does not stand in.
#include "bulkhead/platform/cpu_quota.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

using namespace bulkhead::platform;

namespace {

/// A tree with the files that the kernel would show.
class quota_root {
public:
  ~quota_root() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  quota_root() = default;
  quota_root(const quota_root&) = delete;
  quota_root& operator=(const quota_root&) = delete;

  void write(const std::string& name, const std::string& text) {
    auto file = std::filesystem::path{path_ + name};
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file} << text;
  }

  [[nodiscard]] std::optional<unsigned> quota() const {
    return cpu_quota(path_);
  }

private:
  std::string path_ = "/tmp/bulkhead-quota-" + std::to_string(::getpid()) + "/";
};

} // namespace

TEST_CASE("without a control group, or without a quota, there is no limit of processors") {
  quota_root root;
  CHECK_FALSE(root.quota());
  root.write("proc/self/cgroup", "0::/a/b\n");
  CHECK_FALSE(root.quota());
  root.write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  CHECK_FALSE(root.quota());
}

TEST_CASE("a quota counts as processors, rounded up, of the group or of one around it") {
  quota_root root;
  root.write("proc/self/cgroup", "0::/a/b\n");
  root.write("sys/fs/cgroup/a/b/cpu.max", "300000 100000\n");
  CHECK(root.quota() == 3u);
  root.write("sys/fs/cgroup/a/b/cpu.max", "10000 100000\n");
  CHECK(root.quota() == 1u);
  root.write("sys/fs/cgroup/a/b/cpu.max", "250000 100000\n");
  CHECK(root.quota() == 3u);
  root.write("sys/fs/cgroup/a/cpu.max", "50000 50000\n");
  CHECK(root.quota() == 1u);
  root.write("sys/fs/cgroup/a/c/cpu.max", "1 1000000\n"); // a neighbour
  root.write("sys/fs/cgroup/a/cpu.max", "max 100000\n");
  CHECK(root.quota() == 3u);
}

TEST_CASE("in a container the group is the root of what is mounted") {
  quota_root root;
  root.write("proc/self/cgroup", "0::/\n");
  root.write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  CHECK(root.quota() == 2u);
}

TEST_CASE("the first version of control groups has files of its own") {
  quota_root root;
  root.write("proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/docker/1\n0::/\n");
  root.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n");
  root.write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  CHECK(root.quota() == 4u);
  root.write("sys/fs/cgroup/cpu/docker/1/cpu.cfs_quota_us", "-1\n");
  root.write("sys/fs/cgroup/cpu/docker/1/cpu.cfs_period_us", "100000\n");
  CHECK(root.quota() == 4u);
  root.write("sys/fs/cgroup/cpu/docker/1/cpu.cfs_quota_us", "150000\n");
  CHECK(root.quota() == 2u);
}

TEST_CASE("files that make no sense limit nothing") {
  quota_root root;
  root.write("proc/self/cgroup", "nonsense\n0:\n::\n0::relative\n");
  root.write("sys/fs/cgroup/cpu.max", "0 0\n");
  CHECK_FALSE(root.quota());
  root.write("sys/fs/cgroup/cpu.max", "-5 x\n");
  CHECK_FALSE(root.quota());
}
