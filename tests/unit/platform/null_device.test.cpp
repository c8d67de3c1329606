// Catches a null device that cannot be both written and read, or that leaks into programs.
#include <catch2/catch.hpp>

#include "bulkhead/platform/null_device.hpp"
#include "bulkhead/platform/pipe.hpp"

#include <array>

#include <fcntl.h>

using namespace bulkhead::platform;

TEST_CASE("the null device takes everything, gives nothing and is closed on exec") {
  auto null = open_null();
  REQUIRE(null.has_value());
  CHECK((::fcntl(null->get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(write_if_ready(null->get(), "swallowed"));
  std::array<char, 8> buffer;
  CHECK(read_some(null->get(), buffer).value() == 0);
}
