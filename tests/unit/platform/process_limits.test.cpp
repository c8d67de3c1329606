// Catches a limit on memory that does not hold, or that counts what was there before.
#include <catch2/catch.hpp>

#include "bulkhead/platform/process_limits.hpp"

#include <cerrno>
#include <limits>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace bulkhead::platform;

namespace {

constexpr uint64_t mebibyte = 1 << 20;

bool can_reserve(uint64_t bytes) {
  auto* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return false;
  ::munmap(memory, bytes);
  return true;
}

/// A limit stands for the rest of a process's life: it is tried in a child. @returns the child's exit code.
template <class Body>
int in_child(Body body) {
  auto child = ::fork();
  if (child == 0)
    ::_exit(body());
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

} // namespace

TEST_CASE("reserving private memory shows in the use of data") {
  auto before = data_bytes_now();
  REQUIRE(before > 0);
  auto* memory = ::mmap(nullptr, 64 * mebibyte, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  CHECK(data_bytes_now() >= before + 64 * mebibyte);
  ::munmap(memory, 64 * mebibyte);
}

TEST_CASE("a limit on data allows that much more and not beyond, whatever was there before") {
  CHECK(in_child([] {
          (void) ::mmap(nullptr, 256 * mebibyte, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
          if (!limit_data_bytes(64 * mebibyte))
            return 1;
          if (!can_reserve(32 * mebibyte))
            return 2;
          return can_reserve(128 * mebibyte) ? 3 : 0;
        })
        == 0);
}

TEST_CASE("a limit on data does not count shared memory") {
  CHECK(in_child([] {
          if (!limit_data_bytes(16 * mebibyte))
            return 1;
          auto* shared = ::mmap(nullptr, 64 * mebibyte, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
          return shared == MAP_FAILED ? 2 : 0;
        })
        == 0);
}

TEST_CASE("a second limit on data can only be lower") {
  CHECK(in_child([] {
          if (!limit_data_bytes(64 * mebibyte) || !limit_data_bytes(1024 * mebibyte))
            return 1;
          return can_reserve(128 * mebibyte) ? 2 : 0;
        })
        == 0);
}

TEST_CASE("the greatest limit on data is none") {
  CHECK(in_child([] {
          if (!limit_data_bytes(std::numeric_limits<uint64_t>::max()))
            return 1;
          return can_reserve(128 * mebibyte) ? 0 : 2;
        })
        == 0);
}
