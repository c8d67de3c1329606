// Catches a name that is not found, and a file that is none making the host wait, fail or fall.
#include "bulkhead/platform/symbolizer.hpp"
#include "bulkhead/platform/this_process.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <random>

#include <dlfcn.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace bulkhead::platform;
using namespace std::chrono_literals;

namespace {

[[gnu::noinline]] int well_known(int x) {
  asm volatile("" ::: "memory");
  return x + 1;
}

[[gnu::noinline]] const void* place_of_this_call() {
  return static_cast<const char*>(__builtin_return_address(0)) - 1;
}

[[gnu::always_inline]] inline const void* put_into_another() {
  const auto* result = place_of_this_call();
  asm volatile("" ::: "memory");
  return result;
}

constexpr int line_of_the_call = __LINE__ + 2;
[[gnu::noinline]] const void* around_it() {
  const auto* result = put_into_another();
  asm volatile("" ::: "memory");
  return result;
}

uint64_t offset_of(const void* address) {
  dl_find_object found{};
  REQUIRE(::_dl_find_object(const_cast<void*>(address), &found) == 0);
  return reinterpret_cast<uint64_t>(address) - found.dlfo_link_map->l_addr;
}

std::string scratch(const std::string& name) {
  return "/tmp/bulkhead-symbolizer-" + std::to_string(::getpid()) + "-" + name;
}

} // namespace

TEST_CASE("a function without linkage is found by its place in the program's file") {
  symbolizer names{10s};
  auto place = offset_of(reinterpret_cast<void*>(&well_known));
  CHECK(names.function(program_path(), place).find("well_known(int)") != std::string::npos);
  CHECK(names.function(program_path(), place + 1).find("well_known(int)") != std::string::npos);
  CHECK(names.function(program_path(), 0).empty());
  CHECK(names.function(program_path(), ~uint64_t{0}).empty());
}

TEST_CASE("a function that the compiler put into another has its name and line, and so has the other") {
  symbolizer names{10s};
  auto place = offset_of(around_it());
  CHECK(names.function(program_path(), place).find("around_it()") != std::string::npos);
  auto all = names.positions(program_path(), place);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) // these builds have debugging information
  REQUIRE(all.size() == 2);
  CHECK(all[0].function.find("put_into_another") != std::string::npos);
  CHECK(all[0].source.starts_with("symbolizer.test.cpp:"));
  CHECK(all[1].function.empty());
  CHECK(all[1].source == "symbolizer.test.cpp:" + std::to_string(line_of_the_call));
#else
  CHECK(all.empty());
#endif
  CHECK(names.positions(program_path(), ~uint64_t{0}).empty());
  CHECK(names.positions("/no/such/file", place).empty());
}

TEST_CASE("what is no file of a program has no names") {
  symbolizer names{10s};
  CHECK(names.function("", 0x1000).empty());
  CHECK(names.function("/no/such/file", 0x1000).empty());
  CHECK(names.function("/dev/zero", 0x1000).empty());
  CHECK(names.function("/tmp", 0x1000).empty());
  CHECK(names.function("/proc/self/status", 0x1000).empty());
  auto pipe = scratch("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(names.function(pipe, 0x1000).empty());
  ::unlink(pipe.c_str());
}

TEST_CASE("a program's file that is damaged has names or none, and hurts nobody") {
  std::ifstream in{program_path(), std::ios::binary};
  std::string whole(size_t{1} << 16, '\0');
  in.read(whole.data(), static_cast<std::streamsize>(whole.size()));
  std::mt19937 random{7};
  auto path = scratch("damaged");
  for (int round = 0; round < 50; ++round) {
    auto damaged = whole.substr(0, 64 + random() % (whole.size() - 64));
    for (int i = 0; i < 20; ++i)
      damaged[random() % 256 % damaged.size()] = static_cast<char>(random());
    std::ofstream{path, std::ios::binary} << damaged;
    symbolizer names{10s};
    (void) names.function(path, random());
    (void) names.positions(path, random());
  }
  std::filesystem::remove(path);
}

TEST_CASE("nothing is looked for when the time is up") {
  symbolizer names{-1ms};
  CHECK(names.function(program_path(), offset_of(reinterpret_cast<void*>(&well_known))).empty());
}

TEST_CASE("mangled names become readable, and others stay as they are") {
  CHECK(demangled("St13runtime_error") == "std::runtime_error");
  CHECK(demangled("_ZN3foo3barEi") == "foo::bar(int)");
  CHECK(demangled("main") == "main");
  CHECK(demangled("").empty());
  CHECK(demangled(std::string(1000, 'x')).size() == 400);
}
