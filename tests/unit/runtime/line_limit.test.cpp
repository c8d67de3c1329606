// Catches lines of a worker that do something to a terminal, that fill the log, or that are dropped without a word.
#include "bulkhead/runtime/line_limit.hpp"

#include <catch2/catch.hpp>

using bulkhead::runtime::line_limit;

namespace {

constexpr uint64_t one_second = 1'000'000'000;

} // namespace

TEST_CASE("a line is printable and of limited length") {
  line_limit limit;
  CHECK(limit.pass("plain \xc3\xa4", one_second) == std::vector<std::string>{"plain \xc3\xa4"});
  CHECK(limit.pass("\x1b[2J\xff\xc2\x9b\xe2\x80\xae!", one_second)
        == std::vector<std::string>{"?[2J?"
                                    "??"
                                    "!"});
  auto cut = limit.pass(std::string(10'000, 'x'), one_second);
  REQUIRE(cut.size() == 1);
  CHECK(cut[0].size() == line_limit::line_bytes_max);
}

TEST_CASE("lines beyond the limit are dropped and counted, and later ones pass again") {
  line_limit limit;
  uint64_t passed = 0;
  for (uint64_t i = 0; i < line_limit::lines_at_once + 500; ++i)
    passed += limit.pass("abc", one_second).size();
  CHECK(passed == line_limit::lines_at_once);
  auto later = limit.pass("later", 2 * one_second);
  REQUIRE(later.size() == 2);
  CHECK(later[0].starts_with("500 lines (1500 bytes) were dropped"));
  CHECK(later[1] == "later");
  CHECK_FALSE(limit.rest());
  for (passed = 0; !limit.pass("abc", 2 * one_second).empty(); ++passed)
    ;
  CHECK(passed == line_limit::lines_per_second - 1);
  CHECK(limit.rest());
  CHECK_FALSE(limit.rest());
}

TEST_CASE("long lines are limited by their bytes") {
  line_limit limit;
  const std::string line(4096, 'x');
  uint64_t passed = 0;
  for (int i = 0; i < 6000; ++i)
    passed += limit.pass(line, one_second).size();
  CHECK(passed == line_limit::bytes_at_once / line.size());
}

TEST_CASE("a clock that does not move, or that jumps, breaks nothing") {
  line_limit limit;
  for (auto now : {uint64_t{0}, one_second, uint64_t{0}, ~uint64_t{0}, uint64_t{5}})
    CHECK(limit.pass("x", now) == std::vector<std::string>{"x"});
}
