// Programs that are wired wrongly say so: no second generation of processes, and an error that names the mend.
#include "starts/actors.hpp"

#include <bulkhead/executor.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdio>

using namespace bulkhead;
using namespace starts;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::count_children;
using test_support::eventually;
using test_support::host_fixture;

namespace {

struct host_of_one : host_fixture {
  death_log log{*this};

  size_t sentences() const {
    auto all = log.lines();
    return static_cast<size_t>(std::count_if(
      all.begin(), all.end(), [](auto& x) { return x.find("was started as a worker") != std::string::npos; }));
  }
};

worker_options miswired(const std::string& habit) {
  worker_options result;
  result.program = child_program("miswired");
  result.arguments = {habit};
  return result;
}

// What a program writes, as a host of its own.
std::string output_of(const std::string& command) {
  std::string result;
  auto pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  for (char text[256]; std::fgets(text, sizeof text, pipe) != nullptr;)
    result += text;
  CHECK(::pclose(pipe) == 0);
  return result;
}

} // namespace

TEST_CASE("a worker that never hands over says so, and so does the error of its start") {
  auto habit = GENERATE("forgets", "thread", "asks and forgets");
  CAPTURE(habit);
  host_of_one here;
  auto options = miswired(habit);
  caf::error reason;
  SECTION("as a worker of an actor") {
    auto failed = here.host.spawn("squarer", options);
    REQUIRE_FALSE(failed);
    reason = failed.error();
  }
  SECTION("as a copy of a fork server") {
    options.fork_server = true;
    auto failed = here.host.spawn("squarer", options);
    REQUIRE_FALSE(failed);
    reason = failed.error();
  }
  SECTION("as a worker of an executor") {
    executor pool{here.sys, {.workers_max = 1, .worker = options}};
    auto failed = pool.submit<&starts::leave_a_mark>(std::string{"/dev/null"}).get();
    REQUIRE_FALSE(failed);
    reason = failed.error();
  }
  CHECK(reason == errc::startup_failed);
  CHECK(to_string(reason).find("run_if_worker") != std::string::npos);
  CHECK(eventually([&] { return count_children() == 0; }));
  CHECK(eventually([&] { return here.sentences() >= 1; }));
}

TEST_CASE("a program that ends before it hands over is told what its main lacks") {
  host_fixture here;
  auto failed = here.host.spawn("squarer", miswired("ends at once"));
  REQUIRE_FALSE(failed);
  CHECK(failed.error() == errc::startup_failed);
  CHECK(to_string(failed.error()).find("exited with code 0 before it was a worker") != std::string::npos);
  CHECK(to_string(failed.error()).find("run_if_worker") != std::string::npos);
}

TEST_CASE("a forgotten hand-over makes one process, not a tree of them") {
  auto habit = GENERATE("forgets", "thread");
  CAPTURE(habit);
  auto told = output_of('"' + child_program("miswired") + "\" '" + habit + "'");
  CHECK(told.find("startup_failed") != std::string::npos);
  auto first = told.find("was started as a worker");
  REQUIRE(first != std::string::npos);
  CHECK(told.find("spawned") == std::string::npos);
}

TEST_CASE("the code behind run_if_worker runs in a worker that ends in good order") {
  scratch_file mark;
  CHECK(output_of('"' + child_program("miswired") + "\" well " + mark.path()) == "spawned\n");
  CHECK(mark.size() == std::string{"behind it"}.size());
}

TEST_CASE("type ids that were never initialized are an error of each spawn, and a sentence when the host is loaded") {
  auto told = output_of('"' + child_program("miswired") + "\" 'no type ids'");
  CHECK(told.find("bulkhead: type ids were never initialized") != std::string::npos);
  CHECK(told.find("types_not_initialized") != std::string::npos);
  CHECK(told.find("init_types") != std::string::npos);
}

TEST_CASE("who wants a process inside a worker is told that workers cannot start workers") {
  host_fixture here;
  auto actor = here.host.spawn("nester");
  REQUIRE(actor);
  caf::scoped_actor self{here.sys};
  auto told = ask<std::string>(self, *actor, caf::get_atom_v);
  REQUIRE(told);
  size_t found = 0;
  for (auto at = told->find("nested_worker"); at != std::string::npos; at = told->find("nested_worker", at + 1))
    ++found;
  CAPTURE(*told);
  CHECK(found == 4);
  CHECK(told->find("load<") == std::string::npos);
}

TEST_CASE("a blocking spawn in an actor is refused, with what to call instead") {
  host_fixture here{1};
  auto worker = here.host.start_worker();
  REQUIRE(worker);
  std::vector<std::pair<caf::error, std::string>> told;
  caf::scoped_actor self{here.sys};
  self->spawn<caf::monitored>([&](caf::event_based_actor*) {
    auto error_of = [](auto result) { return result ? caf::error{} : result.error(); };
    told.emplace_back(error_of(here.host.spawn("steady")), "spawn_async");
    told.emplace_back(error_of(here.host.pool("steady", {})), "pool_async");
    told.emplace_back(error_of(here.host.start_worker()), "start_worker_async");
    told.emplace_back(error_of(worker->spawn("steady")), "spawn_async");
  });
  self->receive([](caf::down_msg&) {}, caf::after(test_support::patience) >> [] {});
  REQUIRE(told.size() == 4);
  for (auto& [reason, instead] : told) {
    CHECK(reason == errc::would_block);
    CHECK(to_string(reason).find(instead) != std::string::npos);
  }
  CHECK(here.host.live_workers() == 1);
}

TEST_CASE("options that contradict each other, or have no effect, are named with what to do") {
  host_fixture here;
  auto refused = [&](const char* option, auto change) {
    worker_options options;
    change(options);
    CAPTURE(option);
    auto failed = here.host.spawn("steady", options);
    REQUIRE_FALSE(failed);
    CHECK(failed.error() == errc::invalid_option);
    CHECK(to_string(failed.error()).find("\"" + std::string{option} + "\"") != std::string::npos);
  };
  auto with_restart = [](worker_options& x) { x.restart.when = restart_when::on_crash; };
  refused("handler.grace", [&](auto& x) {
    with_restart(x);
    x.handler.grace = 1s;
  });
  refused("handler.then", [&](auto& x) {
    with_restart(x);
    x.handler.then = overrun::report;
  });
  refused("restart.restarts_max", [](auto& x) { x.restart.restarts_max = 1; });
  refused("restart.interrupted", [](auto& x) { x.restart.interrupted = in_doubt::retry; });
  refused("when_slow", [](auto& x) {
    x.when_slow = slow_consumer::kill;
    x.slow_after = 0ms;
  });
  refused("when_payloads_full", [](auto& x) {
    x.when_payloads_full = payload_fallback::fail;
    x.payload_bytes_max = 0;
  });
  refused("standard_output", [](auto& x) {
    x.command_prefix = {"env"};
    x.standard_output = output::discard;
  });
  auto in_process = [&](const char* option, auto change) {
    refused(option, [&](auto& x) {
      x.where = placement::in_process;
      change(x);
    });
  };
  in_process("restart", with_restart);
  in_process("spares", [](auto& x) { x.spares = 1; });
  in_process("memory_bytes_max", [](auto& x) { x.memory_bytes_max = 1 << 20; });
  in_process("initializer", [](auto& x) { x.initializer = call<&starts::fail>(); });
  in_process("finalizer", [](auto& x) { x.finalizer = call<&starts::fail>(); });
  auto no_process = here.host.start_worker({.where = placement::in_process});
  REQUIRE_FALSE(no_process);
  CHECK(no_process.error() == errc::invalid_option);
  auto of_executor = [](const char* option, worker_options worker) {
    auto wrong = check(executor_options{.worker = std::move(worker)});
    CHECK(wrong == errc::invalid_option);
    CHECK(to_string(wrong).find(option) != std::string::npos);
  };
  of_executor("worker.when_full", {.when_full = overflow::fail});
  of_executor("worker.restart", {.restart = {.when = restart_when::on_crash}});
  of_executor("worker.spares", {.spares = 1});
  of_executor("worker.recycle", {.recycle = {.messages_max = 1}});
  of_executor("worker.handler", {.handler = {.time_max = 1s}});
}
