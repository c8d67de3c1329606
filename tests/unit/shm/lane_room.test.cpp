// Catches a writer that waits although there is room, a reader that does not ring a waiting writer, and one that rings
// for each record. That no ring is lost however the two interleave is shown by interleavings.test.cpp.
#include "regions.hpp"

#include <catch2/catch.hpp>

using namespace bulkhead::shm;
using namespace bulkhead::shm::test;

namespace {

void fill(lane_writer& writer, size_t payload_bytes) {
  while (writer.put(1, 0, some_bytes(payload_bytes)) == written::written)
    continue;
  (void) writer.publish();
}

/// Consumes one record. @returns whether the writer must be rung.
bool give_back_one(lane_reader& reader) {
  record_view record;
  REQUIRE(reader.next(record) == shown::record);
  reader.consume();
  return reader.publish_consumed();
}

} // namespace

TEST_CASE("a writer does not wait for room that is there") {
  edge both;
  auto writer = both.writer();
  CHECK_FALSE(writer.want_room());
  CHECK(both.down.header().room_wanted[0] == 0);
}

TEST_CASE("a reader does not ring a writer that wants no room") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  fill(writer, 48);
  while (reader.has_data())
    CHECK_FALSE(give_back_one(reader));
}

TEST_CASE("a reader rings once, when there is as much room as the writer wants") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  fill(writer, 48);               // 64 records of 64 bytes
  REQUIRE(writer.want_room(100)); // 128 bytes
  CHECK_FALSE(give_back_one(reader));
  CHECK_FALSE(writer.room_available(100));
  CHECK(give_back_one(reader));
  CHECK(writer.room_available(100));
  CHECK_FALSE(give_back_one(reader));
}

TEST_CASE("by default a writer waits for room for the largest record") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  fill(writer, 48);
  REQUIRE(writer.want_room());
  for (int i = 0; i < 15; ++i)
    CHECK_FALSE(give_back_one(reader));
  CHECK(give_back_one(reader));
  CHECK(writer.put(1, 0, some_bytes(1008)) == written::written);
}

TEST_CASE("a writer that finds the lane full again is rung again") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  fill(writer, 48);
  for (int round = 0; round < 200; ++round) {
    REQUIRE(writer.want_room(48));
    REQUIRE(give_back_one(reader));
    REQUIRE(writer.put(1, 0, some_bytes(48)) == written::written);
    (void) writer.publish();
  }
}

TEST_CASE("a writer waits for room in each lane by itself") {
  edge both;
  auto data = both.writer(lane_id::data);
  auto control = both.writer(lane_id::control);
  auto data_reader = both.reader(lane_id::data);
  auto control_reader = both.reader(lane_id::control);
  fill(data, 48);
  fill(control, 48);
  REQUIRE(control.want_room(48));
  CHECK_FALSE(give_back_one(data_reader));
  CHECK(give_back_one(control_reader));
}

TEST_CASE("any position that a hostile writer wants costs at most one ring for each time that room is given back") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  fill(writer, 48);
  auto wanted = GENERATE(uint64_t{1}, uint64_t{64}, uint64_t{1} << 63, ~uint64_t{0});
  both.down.header().room_wanted[0] = wanted;
  int rings = 0;
  while (reader.has_data())
    rings += give_back_one(reader);
  CHECK(rings == (wanted <= 64 ? 1 : 0));
}
