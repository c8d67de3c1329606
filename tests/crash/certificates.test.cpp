// Catches a certificate that is missing, told twice, or wrong in what it says about how a worker died.
#include "crash/certificates.hpp"
#include "support/stage.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::eventually;
using test_support::host_fixture;
using test_support::sanitized;

namespace {

bool stands_in(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The place of the first function in the stack whose name holds `name`; its size if there is none.
size_t place_of(const death_certificate& what, const std::string& name) {
  auto found = std::find_if(what.stack.begin(), what.stack.end(), [&](auto& x) { return stands_in(x.function, name); });
  return static_cast<size_t>(found - what.stack.begin());
}

bool in_stack(const death_certificate& what, const std::string& name) {
  return place_of(what, name) < what.stack.size();
}

} // namespace

TEST_CASE("the certificate of a fault has its address, its meaning and the stack of its thread") {
  auto what = certificate_of_death("fault");
  CHECK(what.meaning == "SIGSEGV, segmentation fault: address not mapped");
  CHECK(what.address == 0x40);
  CHECK(what.roots == std::vector<std::string>{"mortal"});
  REQUIRE(in_stack(what, "write_nowhere"));
  CHECK(place_of(what, "write_nowhere") == 0);
  CHECK(place_of(what, "deaths::die") == 1);
  CHECK_FALSE(what.thread.empty());
  CHECK(std::all_of(what.stack.begin(), what.stack.end(), [](auto& x) { return !x.module.empty(); }));
  CHECK_FALSE(what.ordered);
  CHECK(is_abnormal(what));
  if (!sanitized) { // which tells it too, and exits
    CHECK(what.death.cause == death_cause::signaled);
    CHECK(what.death.status == SIGSEGV);
  }
}

TEST_CASE("an overflow of the stack has a stack") {
  auto what = certificate_of_death("overflow");
  CHECK(stands_in(what.meaning, "SIGSEGV"));
  REQUIRE(what.stack.size() == 64);
  CHECK(stands_in(what.stack[0].function, "dig_deeper"));
  CHECK(stands_in(what.stack[63].function, "dig_deeper"));
}

TEST_CASE("a call of what is no function names its caller") {
  auto what = certificate_of_death("call");
  CHECK(stands_in(what.meaning, "SIGSEGV"));
  CHECK(place_of(what, "call_nothing") == 1);
}

TEST_CASE("a worker that aborts tells where") {
  auto what = certificate_of_death("abort");
  CHECK(what.death.status == SIGABRT);
  CHECK(stands_in(what.meaning, "SIGABRT, aborted"));
  CHECK(in_stack(what, "give_up"));
  CHECK(what.exception_type.empty());
}

TEST_CASE("an exception that nobody catches is told with its type, its text and where it was thrown") {
  auto what = certificate_of_death("exception");
  CHECK(what.death.status == SIGABRT);
  CHECK(what.exception_type == "std::runtime_error");
  CHECK(what.exception_text == "no such row");
  CHECK(in_stack(what, "read_row"));
}

TEST_CASE("a worker that exits has its code, and no stack") {
  auto what = certificate_of_death("exit");
  CHECK(what.death.cause == death_cause::exited);
  CHECK(what.death.status == 3);
  CHECK(what.meaning.empty());
  CHECK(what.stack.empty());
  CHECK(what.limit.empty());
}

#ifndef __SANITIZE_ADDRESS__ // which reserves more memory than any limit would allow

TEST_CASE("a worker that exceeds its memory tells the limit, and where it asked for more") {
  worker_options options;
  options.memory_bytes_max = uint64_t{64} << 20;
  auto what = certificate_of_death("memory", options);
  CHECK(what.death.cause == death_cause::out_of_memory);
  CHECK(what.limit == "memory_bytes_max");
  CHECK(what.limit_value == uint64_t{64} << 20);
  CHECK(in_stack(what, "take_memory"));
  CHECK_FALSE(in_stack(what, "walk_stack"));
  CHECK(what.memory_peak_bytes > uint64_t{32} << 20);
}

#endif

TEST_CASE("the certificate has what the process used, and how long it lived") {
  auto what = certificate_of_death("burn");
  CHECK(what.user_time_us + what.system_time_us >= 150'000);
  CHECK(what.memory_peak_bytes >= uint64_t{96} << 20);
  CHECK(what.uptime_ms >= 150);
  CHECK(what.uptime_ms < 1000 * 3600);
  CHECK(what.at_unix_ms > uint64_t{1'700'000'000'000});
}

TEST_CASE("the last lines of standard error are in the certificate, whatever stands in them") {
  auto what = certificate_of_death("lines");
  REQUIRE_FALSE(what.last_lines.empty());
  CHECK(what.last_lines.size() <= 20);
  CHECK(stands_in(what.last_lines.back() + what.last_lines[what.last_lines.size() - 2], "yyy"));
  CHECK(std::any_of(what.last_lines.begin(), what.last_lines.end(), [](auto& x) { return x == "line 30"; }));
  CHECK(
    std::any_of(what.last_lines.begin(), what.last_lines.end(), [](auto& x) { return stands_in(x, "with ? ? and"); }));
  CHECK(std::none_of(what.last_lines.begin(), what.last_lines.end(), [](auto& x) { return x == "line 1"; }));
}

TEST_CASE("a handler that the application installs keeps its signal") {
  auto what = certificate_of_death("own handler");
  CHECK(what.death.cause == death_cause::exited);
  CHECK(what.death.status == 42);
  CHECK(what.stack.empty());
}

TEST_CASE("what a worker recorded is read after SIGKILL, with the message that it handled") {
  host_fixture f;
  certificate_log log{f};
  f.host.log_to([](std::string_view) {});
  auto victim = f.host.spawn("mortal");
  REQUIRE(victim);
  for (int i = 0; i < 10; ++i)
    REQUIRE(answers(f.sys, *victim));
  outcomes out;
  auto asker = ask(f.sys, *victim, out, 1, caf::make_message(std::string{"marks"}));
  auto what = log.the_one();
  CHECK(what.death.status == SIGKILL);
  CHECK(what.meaning == "SIGKILL, killed");
  CHECK(what.stack.empty());
  REQUIRE(what.handling.size() == 1);
  auto& message = what.handling[0];
  CHECK(message.types == "(std::string)");
  CHECK(message.sender == asker.id());
  CHECK(message.sender_process == 0);
  CHECK(message.request == 1);
  CHECK(message.bytes > 5);
  CHECK(what.messages_handled >= 10);
  CHECK(what.messages_handled < 100);
  std::vector<std::string> marks;
  for (auto& x : what.events)
    if (x.what == worker_event_kind::mark)
      marks.push_back(x.text);
  CHECK(marks == std::vector<std::string>{"row 1", "row 2", "row 3"});
  auto of_kind = [&](worker_event_kind kind) {
    return std::count_if(what.events.begin(), what.events.end(), [&](auto& x) { return x.what == kind; });
  };
  CHECK(of_kind(worker_event_kind::handled) >= 10);
  CHECK(of_kind(worker_event_kind::handling) == 1);
  CHECK(std::is_sorted(what.events.begin(), what.events.end(),
                       [](auto& x, auto& y) { return x.before_end_ms > y.before_end_ms; }));
}

TEST_CASE("a worker that the application kills is reported, and not as something that went wrong") {
  std::atomic<size_t> lines = 0;
  host_fixture f;
  certificate_log log{f};
  f.host.log_to([&lines](std::string_view) { ++lines; });
  auto started = f.host.start_worker();
  REQUIRE(started);
  started->kill();
  auto what = log.the_one();
  CHECK(what.ordered);
  CHECK_FALSE(is_abnormal(what));
  CHECK(lines == 0);
}

TEST_CASE("a worker that does not stop in time tells the deadline") {
  host_fixture f;
  certificate_log log{f};
  f.host.log_to([](std::string_view) {});
  worker_options options;
  options.stop_timeout = 50ms;
  auto started = f.host.start_worker(options);
  REQUIRE(started);
  auto victim = started->spawn("mortal");
  REQUIRE(victim);
  outcomes out;
  hang(f.sys, *victim, out);
  started->stop();
  auto what = log.the_one();
  CHECK(what.death.cause == death_cause::stopped);
  CHECK(what.limit == "stop_timeout");
  CHECK(what.limit_value == 50);
  CHECK(what.handling.size() == 1);
}

TEST_CASE("a worker that ends in good order has no certificate, and one that was replaced as planned has one") {
  host_fixture f;
  certificate_log log{f};
  auto idle = f.host.start_worker();
  REQUIRE(idle);
  idle->stop();
  REQUIRE(eventually([&] { return !idle->alive(); }));
  worker_options options;
  options.restart.when = restart_when::on_crash;
  auto supervised = f.host.spawn("mortal", options);
  REQUIRE(supervised);
  REQUIRE(f.host.recycle(*supervised));
  auto what = log.the_one();
  CHECK(what.death.cause == death_cause::recycled);
  CHECK_FALSE(is_abnormal(what));
}

TEST_CASE("a program that ends before it is a worker has a certificate") {
  host_fixture f;
  certificate_log log{f};
  f.host.log_to([](std::string_view) {});
  worker_options options;
  options.program = "/bin/false";
  REQUIRE_FALSE(f.host.spawn("mortal", options));
  auto what = log.the_one();
  CHECK(what.death.cause == death_cause::exited);
  CHECK(what.death.status == 1);
}

TEST_CASE("each of many deaths has one certificate, and nothing is left behind") {
  leftovers before;
  {
    host_fixture f;
    certificate_log log{f};
    f.host.log_to([](std::string_view) {});
    outcomes out;
    for (int i = 0; i < 20; ++i) {
      auto victim = f.host.spawn("mortal");
      REQUIRE(victim);
      ask(f.sys, *victim, out, 1, caf::make_message(std::string{i % 2 == 0 ? "abort" : "exit"}));
    }
    REQUIRE(eventually([&] { return out.total() == 20 && log.all().size() == 20; }));
    std::vector<uint32_t> slots;
    for (auto& x : log.all())
      slots.push_back(x.death.slot);
    std::sort(slots.begin(), slots.end());
    CHECK(std::adjacent_find(slots.begin(), slots.end()) == slots.end());
  }
  before.check();
}

TEST_CASE("a worker that scribbles over its black box has a certificate like any other") {
  for (auto habit : {"the black box is all ones", "the black box is half true"}) {
    INFO(habit);
    host_fixture f;
    certificate_log log{f};
    f.host.log_to([](std::string_view) {});
    worker_options options;
    options.program = child_program("hostile");
    options.arguments = {habit};
    auto hostile = f.host.spawn("victim", options);
    REQUIRE(hostile);
    CHECK_FALSE(request_number(f.sys, *hostile, caf::make_message(caf::get_atom_v)));
    auto what = log.the_one();
    CHECK(what.death.cause == death_cause::exited);
    CHECK(what.death.status == 9);
    CHECK_FALSE(to_json(what).empty());
    CHECK_FALSE(describe(what).empty());
  }
}
