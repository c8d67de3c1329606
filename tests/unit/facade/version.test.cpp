#include <bulkhead/bulkhead.hpp>

#include <catch2/catch.hpp>

#include <string>

TEST_CASE("the version is the same for the preprocessor, as constants and as text") {
  CHECK(BULKHEAD_VERSION == bulkhead::version_major * 10000 + bulkhead::version_minor * 100 + bulkhead::version_patch);
  CHECK(bulkhead::version_text
        == std::to_string(bulkhead::version_major) + "." + std::to_string(bulkhead::version_minor) + "."
             + std::to_string(bulkhead::version_patch));
  CHECK(bulkhead::version_text == BULKHEAD_PROJECT_VERSION);
}
