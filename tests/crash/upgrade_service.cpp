#include "upgrade_service.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>
#include <random>
#include <stdexcept>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace crash {

workshop::workshop() {
  std::random_device source;
  folder_ = std::filesystem::temp_directory_path()
            / ("bulkhead_workshop_" + std::to_string(source()) + std::to_string(source()));
  std::filesystem::create_directory(folder_);
}

workshop::~workshop() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string workshop::path(const std::string& name) const {
  return folder_ / name;
}

std::string workshop::install(const std::string& name) const {
  std::filesystem::copy_file(child_program("versioned"), folder_ / "new");
  std::filesystem::rename(folder_ / "new", folder_ / name);
  return path(name);
}

std::string workshop::make_pipe(const std::string& name) const {
  if (::mkfifo(path(name).c_str(), 0600) != 0)
    throw std::runtime_error{"no pipe"};
  return path(name);
}

// Without waiting, a pipe can be opened for writing only while somebody reads it; closing it is the end that they wait for.
void workshop::open_pipe(const std::string& name) const {
  auto writable = -1;
  auto opened = [&] { return (writable = ::open(path(name).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)) >= 0; };
  if (!test_support::eventually(opened))
    throw std::runtime_error{"nobody waits"};
  ::close(writable);
}

bulkhead::worker_options first_version() {
  auto result = supervised();
  result.program = child_program("versioned");
  result.environment = {"VERSION=1"};
  return result;
}

bulkhead::upgrade_options version(int32_t number, const std::string& habit, const std::string& place) {
  bulkhead::upgrade_options result;
  result.program = child_program("versioned");
  result.environment = {"VERSION=" + std::to_string(number), "HABIT=" + habit, "PLACE=" + place};
  result.probation = 100ms;
  return result;
}

int32_t version_of(caf::scoped_actor& self, const caf::actor& service) {
  auto result = test_support::ask<int32_t>(self, service, caf::get_atom_v);
  return result ? *result : -1;
}

int32_t pid_of(caf::scoped_actor& self, const caf::actor& service) {
  auto result = test_support::ask<int32_t>(self, service, caf::get_atom_v, caf::ok_atom_v);
  return result ? *result : -1;
}

ino_t file_run_by(int32_t pid) {
  struct stat what {};
  return ::stat(("/proc/" + std::to_string(pid) + "/exe").c_str(), &what) == 0 ? what.st_ino : 0;
}

service::service(const bulkhead::worker_options& options) {
  auto made = here.host.spawn("versioned", options);
  if (!made)
    throw std::runtime_error{"no service: " + to_string(made.error())};
  actor = std::move(*made);
}

int32_t service::version() {
  return version_of(self, actor);
}

int32_t service::pid() {
  return pid_of(self, actor);
}

void service::kill() {
  auto before = pid();
  REQUIRE(before > 0);
  REQUIRE(::kill(before, SIGKILL) == 0);
  REQUIRE(test_support::eventually([&] {
    auto now = pid();
    return now > 0 && now != before;
  }));
}

} // namespace crash
