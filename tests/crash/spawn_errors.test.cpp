#include <catch2/catch.hpp>

#include "crash/actors.hpp"

#include <chrono>
#include <limits>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace crash;
using bulkhead::errc;
using bulkhead::worker_options;
using test_support::eventually;
using test_support::host_fixture;

namespace {

worker_options program(std::string path, std::vector<std::string> arguments = {}) {
  worker_options result;
  result.program = std::move(path);
  result.arguments = std::move(arguments);
  return result;
}

// The error of a spawn that must fail and must leave no process behind.
caf::error spawn_error(host_fixture& f, const char* name, const worker_options& options = {}) {
  auto result = f.host.spawn(name, options);
  REQUIRE_FALSE(result);
  CHECK(eventually([&] { return f.host.live_workers() == 0; }));
  CHECK(test_support::count_children() == 0);
  return result.error();
}

} // namespace

TEST_CASE("a program that does not exist, or may not be executed, is not found") {
  host_fixture f;
  CHECK(spawn_error(f, "victim", program("/nowhere/at/all")) == errc::program_not_found);
  CHECK(spawn_error(f, "victim", program("/etc/passwd")) == errc::program_not_found);
  CHECK(spawn_error(f, "victim", program("/")) == errc::program_not_found);
  worker_options prefixed;
  prefixed.command_prefix = {"no-such-program-anywhere"};
  CHECK(spawn_error(f, "victim", prefixed) == errc::program_not_found);
}

TEST_CASE("what keeps a program from being executed is told as what it is") {
  using Catch::Contains;
  host_fixture f;
  auto text = [&](const worker_options& options) { return to_string(spawn_error(f, "victim", options)); };
  CHECK_THAT(text(program("/nowhere/at/all")), Contains("/nowhere/at/all") && Contains("no such file"));
  CHECK_THAT(text(program("/etc/passwd")), Contains("not marked as executable"));
  CHECK_THAT(text(program("/")), Contains("is a directory"));
  worker_options large;
  large.environment = {"BULKHEAD_LARGE=" + std::string(200'000, 'x')};
  CHECK_THAT(text(large), Contains("resources_exhausted") && Contains("arguments and environment"));
  large.environment.clear();
  large.fork_server = true;
  large.arguments = {std::string(200'000, 'x')};
  CHECK_THAT(text(large), Contains("resources_exhausted") && Contains("arguments and environment"));
}

TEST_CASE("a program that is no worker and ends is a failed start that says how it ended") {
  host_fixture f;
  auto reason = spawn_error(f, "victim", program("/bin/sh", {"-c", "exit 9"}));
  CHECK(reason == errc::startup_failed);
  CHECK(to_string(reason).find("code 9") != std::string::npos);
}

TEST_CASE("a program that never answers is killed after the startup timeout") {
  host_fixture f;
  auto options = program("/bin/sleep", {"1000"});
  options.startup_timeout = 50ms;
  CHECK(spawn_error(f, "victim", options) == errc::startup_timeout);
}

TEST_CASE("a worker that breaks off the handshake is a failed start") {
  host_fixture f;
  for (auto habit : {"exits at once", "exits after the hello", "answers with an unknown code", "answers with too much",
                     "answers with nothing but noise", "refuses", "closes its socket"}) {
    INFO(habit);
    CHECK(spawn_error(f, "victim", program(child_program("misfit"), {habit})) == errc::startup_failed);
  }
}

TEST_CASE("a worker that was built from other message types is a build mismatch") {
  host_fixture f;
  auto reason = spawn_error(f, "victim", program(child_program("other_types")));
  CHECK(reason == errc::build_mismatch);
  CHECK(to_string(reason).find("types") != std::string::npos);
}

TEST_CASE("an unknown actor is reported with its name and the names that are known") {
  host_fixture f;
  auto reason = spawn_error(f, "nobody");
  CHECK(reason == errc::unknown_actor);
  CHECK(to_string(reason).find("nobody") != std::string::npos);
  CHECK(to_string(reason).find("victim") != std::string::npos);
}

TEST_CASE("wrong arguments are reported with what the actor takes and what it got") {
  host_fixture f;
  auto too_many = f.host.spawn("victim", int32_t{1});
  REQUIRE_FALSE(too_many);
  CHECK(too_many.error() == errc::wrong_arguments);
  auto wrong_type = f.host.spawn("counter", std::string{"one"});
  REQUIRE_FALSE(wrong_type);
  CHECK(wrong_type.error() == errc::wrong_arguments);
  CHECK(to_string(wrong_type.error()).find("int32_t") != std::string::npos);
  CHECK(to_string(wrong_type.error()).find("string") != std::string::npos);
  CHECK(spawn_error(f, "counter") == errc::wrong_arguments);
}

TEST_CASE("what a constructor throws comes back as constructor_failed") {
  host_fixture f;
  auto result = f.host.spawn("thrower", int32_t{1});
  REQUIRE_FALSE(result);
  INFO(to_string(result.error()));
  CHECK(result.error() == errc::constructor_failed);
  CHECK(to_string(result.error()).find("no victim today") != std::string::npos);
  CHECK(eventually([&] { return f.host.live_workers() == 0; }));
}

TEST_CASE("a typed handle is checked against the interface of the actor") {
  host_fixture f;
  auto wrong = f.host.spawn<test_support::counter_actor>("victim");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error() == errc::wrong_interface);
  CHECK(f.host.spawn<test_support::counter_actor>("counter", int32_t{3}));
}

TEST_CASE("arguments that cannot be serialized are reported with their type") {
  host_fixture f;
  auto result = f.host.spawn("counter", test_support::unwritable{});
  REQUIRE_FALSE(result);
  CHECK(result.error() == errc::encode_failed);
  CHECK(to_string(result.error()).find("unwritable") != std::string::npos);
  CHECK(eventually([&] { return f.host.live_workers() == 0; }));
}

TEST_CASE("arguments that the worker cannot read are reported with the failure") {
  host_fixture f;
  auto result = f.host.spawn("counter", test_support::unreadable{});
  REQUIRE_FALSE(result);
  CHECK(result.error() == errc::decode_failed);
  CHECK(eventually([&] { return f.host.live_workers() == 0; }));
}

TEST_CASE("each option that makes no sense is named") {
  host_fixture f;
  struct mistake {
    const char* option;
    void (*make)(worker_options&);
  };
  const mistake mistakes[] = {
    {"mailbox_bytes", [](worker_options& x) { x.mailbox_bytes = 0; }},
    {"mailbox_bytes", [](worker_options& x) { x.mailbox_bytes = 5000; }},
    {"mailbox_bytes", [](worker_options& x) { x.mailbox_bytes = 2048; }},
    {"mailbox_bytes", [](worker_options& x) { x.mailbox_bytes = uint32_t{1} << 31; }},
    {"startup_timeout", [](worker_options& x) { x.startup_timeout = 0ms; }},
    {"startup_timeout", [](worker_options& x) { x.startup_timeout = std::chrono::milliseconds::max(); }},
    {"stop_timeout", [](worker_options& x) { x.stop_timeout = -1ms; }},
    {"stop_timeout", [](worker_options& x) { x.stop_timeout = std::chrono::milliseconds::max(); }},
    {"message_bytes_max", [](worker_options& x) { x.message_bytes_max = 0; }},
    {"message_bytes_max", [](worker_options& x) { x.message_bytes_max = std::numeric_limits<uint64_t>::max(); }},
    {"environment", [](worker_options& x) { x.environment = {"NO_VALUE"}; }},
    {"environment", [](worker_options& x) { x.environment = {"=no name"}; }},
    {"environment", [](worker_options& x) { x.environment = {""}; }},
    {"command_prefix", [](worker_options& x) { x.command_prefix = {""}; }},
    {"working_directory", [](worker_options& x) { x.working_directory = "/nowhere/at/all"; }},
    {"working_directory", [](worker_options& x) { x.working_directory = "/etc/passwd"; }},
    {"program",
     [](worker_options& x) {
       x.program = std::string{"/bin/true\0x", 11};
     }},
    {"arguments",
     [](worker_options& x) {
       x.arguments = {std::string{"a\0b", 3}};
     }},
    {"standard_output", [](worker_options& x) { x.standard_output = static_cast<bulkhead::output>(9); }},
    {"standard_error", [](worker_options& x) { x.standard_error = static_cast<bulkhead::output>(9); }},
    {"wait", [](worker_options& x) { x.wait = static_cast<bulkhead::wait_strategy>(9); }},
    {"where", [](worker_options& x) { x.where = static_cast<bulkhead::placement>(9); }},
  };
  for (auto& [option, make] : mistakes) {
    INFO(option);
    worker_options options;
    make(options);
    auto reason = spawn_error(f, "victim", options);
    CHECK(reason == errc::invalid_option);
    CHECK(to_string(reason).find(option) != std::string::npos);
    auto started = f.host.start_worker(options);
    REQUIRE_FALSE(started);
    CHECK(started.error() == errc::invalid_option);
  }
}
