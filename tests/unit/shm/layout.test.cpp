// Catches a layout that accepts a geometry in which offsets cannot be masked, and a check that lets a foreign region pass
// whose header is not the one that both sides were built for.
#include "regions.hpp"

#include <catch2/catch.hpp>

using namespace bulkhead::shm;
using namespace bulkhead::shm::test;

TEST_CASE("a geometry is valid from 4 KiB to 1 GiB of data and 16 MiB of control") {
  constexpr uint32_t mib = 1024 * 1024;
  CHECK(valid({4096, 4096}));
  CHECK(valid({1024 * mib, 16 * mib}));
  CHECK_FALSE(valid({2048, 4096}));
  CHECK_FALSE(valid({4096, 2048}));
  CHECK_FALSE(valid({2048 * mib, 4096}));
  CHECK_FALSE(valid({4096, 32 * mib}));
}

TEST_CASE("a geometry whose sizes are not powers of two is not valid") {
  CHECK_FALSE(valid({0, 4096}));
  CHECK_FALSE(valid({4096, 0}));
  CHECK_FALSE(valid({4096 + 16, 4096}));
  CHECK_FALSE(valid({4096, 12288}));
  CHECK_FALSE(valid({0xffffffff, 4096}));
}

TEST_CASE("a region is the header page, both rings and the black box, one after the other") {
  geometry rings{1 << 20, 1 << 16};
  CHECK(ring_offset(rings, lane_id::data) == 4096);
  CHECK(ring_offset(rings, lane_id::control) == 4096 + (1 << 20));
  CHECK(region_bytes(rings) == 4096 + (1 << 20) + (1 << 16) + black_box_bytes + lapse_board_bytes);
  guarded_region region{small};
  CHECK(reinterpret_cast<const std::byte*>(black_box_of(region.foreign(), small)) - region.foreign()
        == 4096 + 4096 + 4096);
}

TEST_CASE("a record takes its header and payload, rounded up to 16 bytes") {
  CHECK(record_bytes(0) == 16);
  CHECK(record_bytes(1) == 32);
  CHECK(record_bytes(16) == 32);
  CHECK(record_bytes(17) == 48);
  CHECK(record_bytes(largest_payload(4096)) == 1024);
}

TEST_CASE("a region that was just initialized passes the check") {
  guarded_region region{small};
  CHECK(check(region.foreign(), region.size(), small));
  CHECK(consumed_by(region.own()) == lane_positions{});
}

TEST_CASE("a region starts where the dead process's successor is to go on") {
  guarded_region region{small, {.published = {16, 32}, .consumed = {48, 64}}};
  CHECK(region.header().published[0] == 16);
  CHECK(region.header().published[1] == 32);
  CHECK(consumed_by(region.own()) == lane_positions{48, 64});
}

TEST_CASE("the check refuses bytes that cannot be a region") {
  guarded_region region{small};
  CHECK_FALSE(check(nullptr, region.size(), small));
  CHECK_FALSE(check(region.foreign(), 0, small));
  CHECK_FALSE(check(region.foreign(), region.size() - 1, small));
  CHECK_FALSE(check(region.foreign() + 16, region.size(), small));
}

TEST_CASE("the check refuses a header that was not written for this layout and geometry") {
  guarded_region region{small};
  auto& header = region.header();
  auto expected = small;
  SECTION("another magic") {
    header.magic ^= 1;
  }
  SECTION("another version") {
    header.version = layout_version + 1;
  }
  SECTION("another data ring") {
    header.rings.data_bytes = 8192;
  }
  SECTION("another control ring") {
    header.rings.control_bytes = 8192;
  }
  SECTION("an invalid geometry that both sides agree on") {
    expected = header.rings = {0, 0};
  }
  CHECK_FALSE(check(region.foreign(), region.size(), expected));
}
