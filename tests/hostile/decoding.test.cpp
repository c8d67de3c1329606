// Catches a worker whose bytes bring the host down, or keep it busy, when they are decoded or shown.
#include <catch2/catch.hpp>

#include "crash/actors.hpp"
#include "crash/certificates.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

using namespace crash;
using bulkhead::errc;
using test_support::eventually;
using test_support::host_fixture;

namespace {

std::string pipe_path() {
  return "/tmp/bulkhead-hostile-pipe-" + std::to_string(::getpid());
}

caf::actor spawn_liar(host_fixture& f, const char* habit) {
  bulkhead::worker_options options;
  options.program = child_program("hostile");
  options.arguments = {habit};
  options.environment = {"HOSTILE_PIPE=" + pipe_path()};
  auto result = f.host.spawn("victim", options);
  REQUIRE(result);
  return *result;
}

/// Sends the message that starts the habit.
void provoke(const caf::actor& liar) {
  caf::anon_send(liar, caf::get_atom_v);
}

/// What a host logs.
class log_of_host {
public:
  explicit log_of_host(host_fixture& f) {
    f.host.log_to([to = list_](std::string_view line) {
      std::lock_guard guard{to->mutex};
      to->lines.emplace_back(line);
    });
  }

  [[nodiscard]] std::vector<std::string> lines() const {
    std::lock_guard guard{list_->mutex};
    return list_->lines;
  }

private:
  struct list {
    std::mutex mutex;
    std::vector<std::string> lines;
  };

  std::shared_ptr<list> list_ = std::make_shared<list>();
};

bool is_clean(std::string_view text) {
  return bulkhead::printable(text, text.size()) == text;
}

} // namespace

TEST_CASE("what a worker nests or counts without end fails its own request, and the host goes on") {
  leftovers before;
  {
    host_fixture f;
    auto bystander = f.host.spawn("victim");
    REQUIRE(bystander);
    for (auto habit : {"messages are nested", "errors are nested", "settings are nested", "dictionaries are nested",
                       "trees of the application are nested", "a chain of the application is long",
                       "elements without bytes are countless", "an error's code is a string",
                       "an error's code has an unknown type"}) {
      INFO(habit);
      auto liar = spawn_liar(f, habit);
      auto answer = request_number(f.sys, liar, caf::make_message(caf::get_atom_v));
      REQUIRE_FALSE(answer);
      CHECK(answer.error() == errc::decode_failed);
      CHECK_FALSE(to_string(answer.error()).empty());
      CHECK(answers(f.sys, *bystander));
      answer = request_number(f.sys, liar, caf::make_message(caf::get_atom_v));
      CHECK((answer && *answer == 1));
      CHECK(answers(f.sys, *bystander));
    }
  }
  before.check();
}

TEST_CASE("an actor's end with a reason that is no error is told as one that cannot be read") {
  observed_ends monitored, linked;
  host_fixture f;
  auto bystander = f.host.spawn("victim");
  REQUIRE(bystander);
  auto liar = spawn_liar(f, "its own end has an error of an unknown type");
  auto watchers = watch_end(f.sys, liar, monitored, linked);
  provoke(liar);
  REQUIRE(eventually([&] { return monitored.reasons().size() == 1 && linked.reasons().size() == 1; }));
  CHECK(monitored.reasons()[0] == errc::decode_failed);
  CHECK_FALSE(to_string(linked.reasons()[0]).empty());
  CHECK(answers(f.sys, *bystander));
}

TEST_CASE("the files that a dead worker names are not opened by the host, and its certificate comes without names") {
  REQUIRE(::mkfifo(pipe_path().c_str(), 0600) == 0);
  for (auto habit : {"its program is a pipe", "its program is a device", "its program is made up by the kernel",
                     "its exception's name explodes", "its texts are escape sequences"}) {
    INFO(habit);
    host_fixture f;
    log_of_host log{f};
    certificate_log certificates{f};
    auto bystander = f.host.spawn("victim");
    REQUIRE(bystander);
    auto liar = spawn_liar(f, habit);
    provoke(liar);
    auto what = certificates.the_one();
    REQUIRE(what.stack.size() == 1);
    CHECK(what.stack[0].function.empty());
    CHECK(what.stack[0].offset == 0x1000);
    CHECK(what.exception_type.size() <= 400);
    CHECK(is_clean(what.exception_text));
    CHECK(is_clean(what.thread));
    CHECK(is_clean(what.stack[0].module));
    CHECK(answers(f.sys, *bystander));
    CHECK(eventually([&] { return !log.lines().empty(); }));
    for (auto& line : log.lines())
      CHECK(is_clean(line));
  }
  ::unlink(pipe_path().c_str());
}

TEST_CASE("what a worker writes is printable in the host's log, and has a limit") {
  for (auto habit : {"it writes a thousand escape sequences", "it writes lines without end"}) {
    INFO(habit);
    host_fixture f;
    log_of_host log{f};
    auto bystander = f.host.spawn("victim");
    REQUIRE(bystander);
    auto liar = spawn_liar(f, habit);
    provoke(liar);
    REQUIRE(eventually([&] { return log.lines().size() >= 500; }));
    for (int i = 0; i < 20; ++i)
      CHECK(answers(f.sys, *bystander));
    for (auto& line : log.lines())
      CHECK(is_clean(line));
  }
}
