// Catches a descriptor that leaks, is closed twice, or is closed while somebody else owns it.
#include <catch2/catch.hpp>

#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/platform/unique_fd.hpp"

#include <type_traits>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

using namespace bulkhead::platform;

namespace {

int open_something() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

} // namespace

static_assert(!std::is_copy_constructible_v<unique_fd> && std::is_nothrow_move_constructible_v<unique_fd>);

TEST_CASE("a descriptor is closed with its owner") {
  auto number = open_something();
  {
    unique_fd owner{number};
    CHECK(owner);
    CHECK(owner.get() == number);
    CHECK(is_open(number));
  }
  CHECK_FALSE(is_open(number));
}

TEST_CASE("ownership of a descriptor moves, and the old owner closes nothing") {
  unique_fd first{open_something()};
  auto number = first.get();
  unique_fd second{std::move(first)};
  CHECK_FALSE(first);
  first.reset();
  CHECK(is_open(number));
  unique_fd third{open_something()};
  auto replaced = third.get();
  third = std::move(second);
  CHECK_FALSE(is_open(replaced));
  CHECK(third.get() == number);
}

TEST_CASE("a descriptor that is assigned to its own owner stays open") {
  unique_fd owner{open_something()};
  auto& same = owner;
  owner = std::move(same);
  CHECK(is_open(owner.get()));
}

TEST_CASE("a released descriptor stays open") {
  unique_fd owner{open_something()};
  auto number = owner.release();
  CHECK_FALSE(owner);
  owner.reset();
  CHECK(is_open(number));
  ::close(number);
}

TEST_CASE("the number of open descriptors counts each one") {
  auto before = open_descriptors();
  REQUIRE(before > 0);
  unique_fd one{open_something()}, two{open_something()};
  CHECK(open_descriptors() == before + 2);
  one.reset();
  CHECK(open_descriptors() == before + 1);
}
