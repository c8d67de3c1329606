#include <catch2/catch.hpp>

#include "crash/actors.hpp"
#include "support/stage.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

using namespace crash;
using namespace std::chrono_literals;
using bulkhead::worker_options;
using test_support::eventually;
using test_support::host_fixture;

namespace {

std::string told(host_fixture& f, const worker_options& options, const std::string& what) {
  auto actor = f.host.spawn("surroundings", options);
  REQUIRE(actor);
  auto result = request<std::string>(f.sys, *actor, caf::make_message(what));
  REQUIRE(result);
  return *result;
}

bool is_installed(const std::string& program) {
  std::istringstream folders{std::getenv("PATH")};
  for (std::string folder; std::getline(folders, folder, ':');)
    if (std::filesystem::exists(folder + '/' + program))
      return true;
  return false;
}

class log_lines {
public:
  void add(std::string_view line) {
    std::lock_guard guard{mutex_};
    lines_.emplace_back(line);
  }

  [[nodiscard]] std::vector<std::string> all() const {
    std::lock_guard guard{mutex_};
    return lines_;
  }

  [[nodiscard]] bool contains(const std::string& line) const {
    auto lines = all();
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  }

private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

int write_line(host_fixture& f, const caf::actor& actor, const std::string& line) {
  auto pid = request_number(f.sys, actor, caf::make_message(caf::put_atom_v, line));
  REQUIRE(pid);
  return *pid;
}

} // namespace

TEST_CASE("a worker gets its arguments, behind the name of the program") {
  host_fixture f;
  worker_options options;
  options.arguments = {"--colour", "two words", ""};
  auto all = told(f, options, "arguments");
  CHECK(all.find("crash --colour two words  ") != std::string::npos);
}

TEST_CASE("tools show a worker under the names of its program and its actor") {
  auto name_of = [](int pid) {
    std::string name;
    std::getline(std::ifstream{"/proc/" + std::to_string(pid) + "/comm"}, name);
    return name;
  };
  host_fixture f;
  for (auto fork_server : {false, true}) {
    worker_options options;
    options.fork_server = fork_server;
    auto actor = f.host.spawn("surroundings", options);
    REQUIRE(actor);
    CHECK(name_of(write_line(f, *actor, "x")) == "cras:surroundin");
  }
  bulkhead::executor tasks{f.sys};
  auto pid = tasks.submit([] { return static_cast<int32_t>(::getpid()); }).get();
  REQUIRE(pid);
  CHECK(name_of(*pid) == "crash:executor");
}

TEST_CASE("a worker has the variables that the host had when its actor system started, whatever it sets meanwhile") {
  ::setenv("BULKHEAD_TEST_EARLY", "early", 1);
  host_fixture f;
  ::setenv("BULKHEAD_TEST_EARLY", "late", 1);
  for (auto fork_server : {false, true}) {
    worker_options options;
    options.fork_server = fork_server;
    CHECK(told(f, options, "BULKHEAD_TEST_EARLY") == "early");
  }
  ::unsetenv("BULKHEAD_TEST_EARLY");
}

TEST_CASE("a worker inherits the host's environment, with additions and replacements") {
  host_fixture f;
  worker_options options;
  options.environment = {"BULKHEAD_TEST_COLOUR=red=blue", "HOME=/elsewhere"};
  CHECK(told(f, options, "BULKHEAD_TEST_COLOUR") == "red=blue");
  CHECK(told(f, options, "HOME") == "/elsewhere");
  CHECK(told(f, options, "PATH") == std::getenv("PATH"));
  CHECK(told(f, options, "BULKHEAD_WORKER") == "(not set)");
  CHECK(told(f, {}, "BULKHEAD_TEST_COLOUR") == "(not set)");
}

TEST_CASE("a worker starts in its working directory") {
  host_fixture f;
  worker_options options;
  options.working_directory = "/tmp";
  CHECK(told(f, options, "folder") == "/tmp");
  CHECK(told(f, {}, "folder") == std::filesystem::current_path().string());
}

TEST_CASE("a command prefix comes before the program") {
  host_fixture f;
  worker_options options;
  options.command_prefix = {"/usr/bin/env", "BULKHEAD_TEST_COLOUR=green"};
  CHECK(told(f, options, "BULKHEAD_TEST_COLOUR") == "green");
  options.command_prefix = {"nice", "-n", "5"};
  options.arguments = {"--behind-the-program"};
  CHECK(told(f, options, "arguments").find("--behind-the-program") != std::string::npos);
}

TEST_CASE("a worker runs under the tools that are installed, and ends in good order") {
  using prefix = std::vector<std::string>;
  host_fixture f;
  for (auto& tool : {prefix{"valgrind", "-q"}, {"strace", "-f", "-o", "/dev/null"}, {"setarch", "-R"}, {"nohup"}}) {
    if (!is_installed(tool.front()) || (test_support::sanitized && tool.front() == "valgrind")) {
      WARN("left out: " << tool.front());
      continue;
    }
    CAPTURE(tool.front());
    worker_options options;
    options.command_prefix = tool;
    options.startup_timeout = 300s;
    options.stop_timeout = 300s;
    auto actor = f.host.spawn("surroundings", options);
    REQUIRE(actor);
    caf::scoped_actor self{f.sys};
    self->monitor(*actor);
    std::string folder;
    self->request(*actor, 300s, std::string{"folder"})
      .receive([&](std::string& told) { folder = std::move(told); }, [](const caf::error&) {});
    CHECK(folder == std::filesystem::current_path().string());
    self->send_exit(*actor, caf::exit_reason::user_shutdown);
    CHECK(test_support::end_of(self, *actor) == caf::exit_reason::user_shutdown);
  }
}

TEST_CASE("another executable may be the worker") {
  host_fixture f;
  worker_options options;
  options.program = std::filesystem::read_symlink("/proc/self/exe").string();
  options.arguments = {"by path"};
  CHECK(told(f, options, "arguments").find(options.program + " by path") != std::string::npos);
}

TEST_CASE("lines on both outputs of a worker reach the log, with slot and pid in front") {
  log_lines log;
  host_fixture f;
  f.host.log_to([&log](std::string_view line) { log.add(line); });
  auto actor = f.host.spawn("surroundings");
  REQUIRE(actor);
  auto pid = write_line(f, *actor, "all is well");
  auto expected = "[worker 0.1 pid " + std::to_string(pid) + "] all is well";
  CHECK(eventually([&] {
    auto lines = log.all();
    return std::count(lines.begin(), lines.end(), expected) == 2;
  }));
}

TEST_CASE("what a worker wrote before it died reaches the log, and a line without end too") {
  log_lines log;
  host_fixture f;
  f.host.log_to([&log](std::string_view line) { log.add(line); });
  worker_options options;
  options.program = "/bin/sh";
  options.arguments = {"-c", "echo first; printf second >&2; exit 1"};
  CHECK_FALSE(f.host.spawn("surroundings", options));
  auto ends_with = [&](const std::string& tail) {
    for (auto& line : log.all())
      if (line.size() > tail.size() && line.compare(line.size() - tail.size(), tail.size(), tail) == 0)
        return true;
    return false;
  };
  CHECK(eventually([&] { return ends_with("] first") && ends_with("] second"); }));
}

TEST_CASE("a discarded output does not reach the log") {
  log_lines log;
  host_fixture f;
  f.host.log_to([&log](std::string_view line) { log.add(line); });
  worker_options options;
  options.standard_output = bulkhead::output::discard;
  auto actor = f.host.spawn("surroundings", options);
  REQUIRE(actor);
  auto pid = write_line(f, *actor, "only once");
  auto expected = "[worker 0.1 pid " + std::to_string(pid) + "] only once";
  CHECK(eventually([&] { return log.contains(expected); }));
  CHECK(log.all().size() == 1);
}

TEST_CASE("an endless line and a flood of lines neither stop the worker nor the host") {
  log_lines log;
  host_fixture f;
  f.host.log_to([&log](std::string_view line) { log.add(line); });
  auto actor = f.host.spawn("surroundings");
  REQUIRE(actor);
  for (auto i = 0; i < 50; ++i)
    (void) write_line(f, *actor, std::string(100'000, 'x'));
  (void) write_line(f, *actor, "the end");
  CHECK(eventually([&] {
    auto lines = log.all();
    return !lines.empty() && lines.back().find("] the end") != std::string::npos;
  }));
}

TEST_CASE("an actor that is placed in the host's process behaves as one in a worker") {
  host_fixture f;
  worker_options options;
  options.where = bulkhead::placement::in_process;
  auto actor = f.host.spawn("victim", options);
  REQUIRE(actor);
  CHECK(answers(f.sys, *actor));
  CHECK(f.host.live_workers() == 0);
  auto unknown = f.host.spawn("nobody", options);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error() == bulkhead::errc::unknown_actor);
  caf::anon_send_exit(*actor, caf::exit_reason::user_shutdown);
}

TEST_CASE("a worker serves with each way of waiting") {
  host_fixture f;
  using enum bulkhead::wait_strategy;
  for (auto wait : {adaptive, park, busy}) {
    worker_options options;
    options.wait = wait;
    auto victim = f.host.spawn("victim", options);
    REQUIRE(victim);
    for (auto i = 0; i < 100; ++i)
      CHECK(answers(f.sys, *victim));
  }
}
