// Catches an error that does not say which call failed, and a result that takes a number for an error.
#include <catch2/catch.hpp>

#include "bulkhead/platform/os_error.hpp"

#include <cerrno>
#include <system_error>

using namespace bulkhead::platform;

TEST_CASE("an error names the call and the reason") {
  CHECK(os_error{ENOMEM, "memfd_create"}.message() == "memfd_create: Cannot allocate memory");
}

TEST_CASE("the last error is the one in errno") {
  errno = ENOENT;
  CHECK(last_error("open") == os_error{ENOENT, "open"});
}

TEST_CASE("errors of different calls or numbers differ") {
  CHECK_FALSE(os_error{ENOENT, "open"} == os_error{ENOENT, "stat"});
  CHECK_FALSE(os_error{ENOENT, "open"} == os_error{EACCES, "open"});
}

TEST_CASE("a number in a result is a value, not an error") {
  result<size_t> count = size_t{7};
  REQUIRE(count.has_value());
  CHECK(*count == 7);
  result<size_t> failure = os_error{EBADF, "read"};
  REQUIRE(failure.has_error());
  CHECK(failure.error() == os_error{EBADF, "read"});
}

TEST_CASE("an error that was not looked at is thrown with its number and call") {
  result<int> failure = os_error{EBADF, "read"};
  try {
    (void) failure.value();
    FAIL("nothing was thrown");
  } catch (const std::system_error& thrown) {
    CHECK(thrown.code().value() == EBADF);
    CHECK(std::string{thrown.what()}.find("read") == 0);
  }
}
