// Catches a dead process whose last words, true or not, bring the host down or its log into disorder.
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/death_reporter.hpp"
#include "bulkhead/runtime/written_lines.hpp"

#include "support/fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <random>

using namespace bulkhead;
using platform::crash_scene;
using namespace std::chrono_literals;

namespace {

runtime::naming_helper helper() {
  return runtime::naming_helper{platform::environment()};
}

bool is_clean(const std::string& text) {
  return printable(text, text.size()) == text;
}

/// Ends in the certificate of a fault without names.
crash_scene scene_of(const char* module, uint64_t offset) {
  crash_scene result{};
  result.what = crash_scene::kind::signal;
  result.signal = 11;
  result.code = 1;
  result.frame_count = 1;
  result.module_count = 1;
  result.frames[0] = {offset, 0, 0};
  std::strncpy(result.modules[0].path, module, sizeof result.modules[0].path - 1);
  return result;
}

} // namespace

TEST_CASE("a certificate takes any bytes that a worker has left") {
  std::mt19937_64 random{5};
  for (int round = 0; round < 500; ++round) {
    crash_scene scene{};
    std::vector<uint64_t> words(sizeof(scene) / sizeof(uint64_t));
    for (auto& x : words)
      x = random();
    std::memcpy(static_cast<void*>(&scene), words.data(), words.size() * sizeof(uint64_t));
    scene.what = static_cast<crash_scene::kind>(round % 4);
    if (round % 2 == 0)
      scene.module_count = static_cast<uint32_t>(random() % 20);
    for (auto& x : scene.frames)
      x.module %= 20;
    for (auto& x : scene.modules)
      if (random() % 2 == 0)
        std::strcpy(x.path, random() % 2 == 0 ? "/proc/self/exe" : "/dev/urandom");
    death_certificate what;
    runtime::add_scene(what, scene);
    auto question = runtime::question_about(what, scene);
    CHECK(write_question(question).size() <= runtime::question_bytes_max);
    CHECK(write_question(runtime::read_question(write_question(question))) == write_question(question));
    if (round % 64 < 2)
      runtime::add_names(what, helper().ask(question, 5s));
    CHECK(what.stack.size() <= crash_scene::frames_max);
    CHECK(is_clean(what.exception_text));
    CHECK(is_clean(what.exception_type));
    CHECK(is_clean(what.thread));
    CHECK(std::all_of(what.stack.begin(), what.stack.end(),
                      [](auto& x) { return is_clean(x.module) && is_clean(x.function); }));
    CHECK_FALSE(describe(what).empty());
    CHECK(to_json(what).size() > 100);
  }
}

TEST_CASE("a frame without a name keeps its place") {
  death_certificate what;
  auto scene = scene_of("/no/such/program", 0x1234);
  runtime::add_scene(what, scene);
  runtime::add_names(what, helper().ask(runtime::question_about(what, scene), 30s));
  CHECK(what.names_missing.empty());
  REQUIRE(what.stack.size() == 1);
  CHECK(what.stack[0].function.empty());
  CHECK(what.stack[0].module == "/no/such/program");
  CHECK(what.stack[0].offset == 0x1234);
  CHECK(what.meaning == "SIGSEGV, segmentation fault: address not mapped");
}

TEST_CASE("a reporter hands out each certificate once and in order, and ends when all are out") {
  std::mutex mutex;
  std::vector<uint32_t> published;
  size_t logged = 0;
  runtime::death_reporter reporter{{},
                                   [&](const death_certificate& what) {
                                     std::lock_guard guard{mutex};
                                     published.push_back(what.death.slot);
                                   },
                                   [&](const std::string&) {
                                     std::lock_guard guard{mutex};
                                     ++logged;
                                   },
                                   platform::environment()};
  for (uint32_t i = 0; i < 100; ++i) {
    runtime::draft_certificate draft;
    draft.what.death.slot = i;
    if (i % 2 == 0)
      draft.what.death.cause = death_cause::recycled;
    draft.scene = scene_of("/proc/self/exe", 0x1000);
    reporter.report(std::move(draft));
  }
  reporter.stop();
  REQUIRE(published.size() == 100);
  CHECK(std::is_sorted(published.begin(), published.end()));
  CHECK(logged == 50);
}

TEST_CASE("the last lines are few and short, and those of standard error are not pushed out by others") {
  runtime::written_lines lines;
  for (int i = 0; i < 30; ++i)
    lines.add("error " + std::to_string(i), true);
  for (int i = 0; i < 1000; ++i)
    lines.add(std::string(2000, 'x'), false);
  REQUIRE(lines.errors().size() == 20);
  CHECK(lines.errors().front() == "error 10");
  CHECK(lines.errors().back() == "error 29");
  CHECK(lines.all().size() == 64);
  CHECK(lines.all().back().text.size() == 512);
  for (int i = 0; i < 20; ++i)
    lines.add(std::string(2000, 'y'), true);
  size_t bytes = 0;
  for (auto& x : lines.errors())
    bytes += x.size();
  CHECK(bytes <= 4096);
  CHECK_FALSE(lines.errors().empty());
}
