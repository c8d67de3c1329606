// Catches a name that was made up to cost its reader time or memory.
#include "bulkhead/platform/plain_name.hpp"

#include <catch2/catch.hpp>

using bulkhead::platform::plain_name;

TEST_CASE("plain names become readable, and others stay as they are") {
  CHECK(plain_name("St13runtime_error") == "std::runtime_error");
  CHECK(plain_name("N3app11parse_errorE") == "app::parse_error");
  CHECK(plain_name("N12_GLOBAL__N_15wrongE") == "(anonymous namespace)::wrong");
  CHECK(plain_name("NSt10filesystem7__cxx1116filesystem_errorE") == "std::filesystem::__cxx11::filesystem_error");
  CHECK(plain_name("5error") == "error");
  CHECK(plain_name("i") == "int");
  CHECK(plain_name("PKc") == "char const*");
  for (auto text : {"", "St", "N", "NE", "E", "St6vectorIiSaIiEE", "main", "3ab", "0", "99999999999999999999a",
                    "N3appE3x", "N3app", "x\x1b[2J"})
    CHECK(plain_name(text) == text);
  CHECK(plain_name(std::string(100'000, 'P')).size() == 100'000);
}
