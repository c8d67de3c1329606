#include "bulkhead/platform/executable_file.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using bulkhead::platform::executable_file;

namespace {

// `sleep`, as one that may be replaced, runs for as long as this lives.
class sleeper {
public:
  sleeper() {
    std::random_device source;
    folder_ = std::filesystem::temp_directory_path()
              / ("bulkhead_sleeper_" + std::to_string(source()) + std::to_string(source()));
    std::filesystem::create_directory(folder_);
    std::filesystem::copy_file("/bin/sleep", path());
    int ready[2];
    REQUIRE(::pipe2(ready, O_CLOEXEC) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execl(path().c_str(), "sleep", "1000", nullptr);
      ::_exit(1);
    }
    ::close(ready[1]);
    char nothing = 0;
    CHECK(::read(ready[0], &nothing, 1) == 0); // closed by what it executes
    ::close(ready[0]);
  }

  ~sleeper() {
    end();
    std::filesystem::remove_all(folder_);
  }

  void end() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    pid_ = 0;
  }

  std::string path() const {
    return folder_ / "program";
  }

  pid_t pid() const {
    return pid_;
  }

private:
  std::filesystem::path folder_;
  pid_t pid_ = 0;
};

int exit_code_of(const std::string& program) {
  auto pid = ::fork();
  if (pid == 0) {
    ::execl(program.c_str(), "sleep", "0", nullptr);
    ::_exit(99);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

TEST_CASE("the file of a process can be executed after another one has taken its place, and after its end") {
  sleeper one;
  auto file = executable_file::of(one.pid());
  REQUIRE(file.has_value());
  CHECK(file->stands_at(one.path()));
  CHECK(file->stands_at("/proc/" + std::to_string(one.pid()) + "/exe"));
  std::filesystem::remove(one.path());
  CHECK_FALSE(file->stands_at(one.path()));
  std::ofstream{one.path()} << "no program";
  CHECK_FALSE(file->stands_at(one.path()));
  one.end();
  CHECK(exit_code_of(file->path()) == 0);
}

TEST_CASE("a process that does not exist has no file") {
  sleeper one;
  auto pid = one.pid();
  one.end();
  auto file = executable_file::of(pid);
  REQUIRE(file.has_error());
  CHECK(std::string{file.error().call} == "open");
}
