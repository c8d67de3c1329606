// Catches a check that fails on a system where everything else of these tests works, or that leaves descriptors open.
#include <catch2/catch.hpp>

#include "bulkhead/platform/kernel_features.hpp"
#include "bulkhead/platform/this_process.hpp"

using namespace bulkhead::platform;

TEST_CASE("this system has all that is needed, and looking costs nothing that stays") {
  auto before = open_descriptors();
  CHECK(missing_kernel_feature() == std::nullopt);
  CHECK(missing_memory_feature() == std::nullopt);
  CHECK(open_descriptors() == before);
}
