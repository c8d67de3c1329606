// Catches a measurement that gives up on a healthy system, or that leaves its thread or its descriptors behind.
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/platform/wakeup_cost.hpp"

#include <catch2/catch.hpp>

using namespace bulkhead::platform;

TEST_CASE("waking a thread costs something, and measuring it leaves nothing behind") {
  auto before = open_descriptors();
  CHECK(measure_wakeup_ns() > 0);
  CHECK(open_descriptors() == before);
}
