// Catches a crash that is not written down, one that ends the process in another way than without it, and a walk that does not begin
// where the signal came.
#include "bulkhead/platform/crash_handler.hpp"
#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/platform/symbolizer.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>

using namespace bulkhead::platform;

namespace {

[[gnu::noinline]] void stand_here() {
  write_out_of_memory();
  asm volatile("" ::: "memory"); // no tail call
}

[[gnu::noinline]] void find_no_handler() {
  throw std::runtime_error("no handler");
}

/// Runs `what` in a copy of this process and returns how that ended; what it wrote down stands in `scene`.
int crash_in_child(const std::function<void()>& what, crash_scene& scene) {
  auto file = memory_file::create("crash-test", sizeof(crash_scene));
  REQUIRE(file.has_value());
  auto memory = file->map_writable();
  REQUIRE(memory.has_value());
  auto shared = reinterpret_cast<crash_scene*>(memory->data());
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    // As in a worker: nothing that the test program has installed.
    for (auto signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP})
      std::signal(signal, SIG_DFL);
    ::alarm(20);
    write_crashes_to(*shared);
    what();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  scene = *shared;
  return status;
}

std::string function_of(const crash_scene& scene, size_t frame) {
  symbolizer names{std::chrono::seconds{10}};
  auto& what = scene.frames[frame];
  REQUIRE(what.module < scene.module_count);
  return names.function(std::string{text_in(scene.modules[what.module].path)}, what.offset - what.returns);
}

} // namespace

TEST_CASE("each signal of a crash is written down, and ends the process all the same") {
  for (auto signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP}) {
    INFO(signal);
    crash_scene scene{};
    auto status = crash_in_child([signal] { std::raise(signal); }, scene);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);
    CHECK(scene.what == crash_scene::kind::signal);
    CHECK(scene.signal == signal);
    CHECK(scene.code == SI_TKILL);
    CHECK(scene.frame_count > 3);
    CHECK(scene.memory_peak_bytes > 0);
    CHECK(scene.thread > 0);
  }
}

TEST_CASE("who runs out of memory is written down with its callers") {
  crash_scene scene{};
  auto status = crash_in_child(stand_here, scene);
  CHECK(WIFEXITED(status));
  CHECK(scene.what == crash_scene::kind::out_of_memory);
  CHECK(function_of(scene, 0).find("stand_here") != std::string::npos);
}

TEST_CASE("only the first crash is written down") {
  crash_scene scene{};
  auto status = crash_in_child(
    [] {
      stand_here();
      std::abort();
    },
    scene);
  CHECK(WIFSIGNALED(status));
  CHECK(scene.what == crash_scene::kind::out_of_memory);
}

TEST_CASE("an exception that nobody catches is written down") {
  crash_scene scene{};
  auto status = crash_in_child([]() noexcept { find_no_handler(); }, scene);
  CHECK(WTERMSIG(status) == SIGABRT);
  CHECK(demangled(std::string{text_in(scene.exception_type)}) == "std::runtime_error");
  CHECK(text_in(scene.exception_text) == "no handler");
  CHECK(scene.signal == SIGABRT);
}

TEST_CASE("a process that does not crash writes nothing") {
  crash_scene scene{};
  auto status = crash_in_child([] {}, scene);
  CHECK(WIFEXITED(status));
  CHECK(scene.what == crash_scene::kind::none);
  CHECK(scene.frame_count == 0);
}
