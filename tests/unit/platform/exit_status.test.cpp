// Catches a status that people cannot read, and two that differ but compare equal.
#include <catch2/catch.hpp>

#include "bulkhead/platform/exit_status.hpp"

using namespace bulkhead::platform;

TEST_CASE("an exit status describes itself") {
  using kind = exit_status::kind;
  CHECK(exit_status{kind::exited, 3}.describe() == "exited with code 3");
  CHECK(exit_status{kind::signaled, 9}.describe() == "killed by signal 9 (SIGKILL)");
  CHECK(exit_status{kind::signaled, 11}.describe() == "killed by signal 11 (SIGSEGV)");
  CHECK(exit_status{kind::signaled, 60}.describe() == "killed by signal 60");
  CHECK(exit_status{kind::unknown, 0}.describe() == "ended; its status was taken by another part of the program");
}

TEST_CASE("exit statuses are equal if kind and value are") {
  using kind = exit_status::kind;
  CHECK(exit_status{kind::exited, 9} == exit_status{kind::exited, 9});
  CHECK(exit_status{kind::exited, 9} != exit_status{kind::signaled, 9});
  CHECK(exit_status{kind::exited, 9} != exit_status{kind::exited, 8});
}
