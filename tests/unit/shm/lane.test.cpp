// Catches records that arrive changed, early, out of order, in the wrong lane or across the ring's end, and room that is
// lost or used twice.
#include "regions.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace bulkhead::shm;
using namespace bulkhead::shm::test;

namespace {

constexpr size_t quarter = 1008; // with its header a quarter of the small ring

/// Sends one record through and gives its room back, which moves both positions on.
void pass(lane_writer& writer, lane_reader& reader, size_t payload_bytes) {
  record_view record;
  REQUIRE(writer.put(1, 0, some_bytes(payload_bytes)) == written::written);
  (void) writer.publish();
  REQUIRE(reader.next(record) == shown::record);
  reader.consume();
  (void) reader.publish_consumed();
}

} // namespace

TEST_CASE("a record arrives as it was put") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  auto payload = some_bytes(100);
  REQUIRE(writer.put(7, 9, payload, {}, 0x1122334455667788) == written::written);
  (void) writer.publish();
  record_view record;
  REQUIRE(reader.next(record) == shown::record);
  CHECK(record.kind == 7);
  CHECK(record.flags == 9);
  CHECK(record.aux == 0x1122334455667788);
  CHECK(copy_of(record.payload) == payload);
  CHECK(record.end_position == writer.position());
}

TEST_CASE("two spans become one payload") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  auto all = some_bytes(50);
  auto cut = GENERATE(0u, 1u, 16u, 49u, 50u);
  auto span = std::span<const std::byte>{all};
  REQUIRE(writer.put(1, 0, span.first(cut), span.subspan(cut)) == written::written);
  (void) writer.publish();
  record_view record;
  REQUIRE(reader.next(record) == shown::record);
  CHECK(copy_of(record.payload) == all);
}

TEST_CASE("a payload may be empty") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  REQUIRE(writer.put(3, 0, {}) == written::written);
  (void) writer.publish();
  record_view record;
  REQUIRE(reader.next(record) == shown::record);
  CHECK(record.kind == 3);
  CHECK(record.payload.empty());
  reader.consume();
  CHECK(reader.next(record) == shown::empty);
}

TEST_CASE("a record is not visible before it is published") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  record_view record;
  REQUIRE(writer.put(1, 0, some_bytes(8)) == written::written);
  CHECK_FALSE(reader.has_data());
  CHECK(reader.next(record) == shown::empty);
  (void) writer.publish();
  CHECK(reader.has_data());
  CHECK(reader.next(record) == shown::record);
}

TEST_CASE("a record is shown again until it is consumed") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  record_view record;
  REQUIRE(writer.put(1, 0, {}) == written::written);
  REQUIRE(writer.put(2, 0, {}) == written::written);
  (void) writer.publish();
  REQUIRE(reader.next(record) == shown::record);
  REQUIRE(reader.next(record) == shown::record);
  CHECK(record.kind == 1);
  reader.consume();
  REQUIRE(reader.next(record) == shown::record);
  CHECK(record.kind == 2);
}

TEST_CASE("the largest payload is a quarter of the ring and one more byte is too large") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  CHECK(writer.put(1, 0, some_bytes(quarter + 1)) == written::too_large);
  CHECK(writer.put(1, 0, some_bytes(quarter), some_bytes(1)) == written::too_large);
  CHECK(writer.position() == 0);
  REQUIRE(writer.put(1, 0, some_bytes(quarter)) == written::written);
  (void) writer.publish();
  record_view record;
  REQUIRE(reader.next(record) == shown::record);
  CHECK(copy_of(record.payload) == some_bytes(quarter));
}

TEST_CASE("a lane takes records until it is full to the last byte") {
  edge both;
  auto writer = both.writer();
  for (int i = 0; i < 4; ++i)
    REQUIRE(writer.put(1, 0, some_bytes(quarter)) == written::written);
  CHECK(writer.free_bytes() == 0);
  CHECK_FALSE(writer.room_available(0));
  CHECK(writer.put(1, 0, {}) == written::full);
  CHECK(writer.position() == 4096);
}

TEST_CASE("room comes back only when it is given back") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  for (int i = 0; i < 4; ++i)
    REQUIRE(writer.put(1, 0, some_bytes(quarter)) == written::written);
  (void) writer.publish();
  record_view record;
  REQUIRE(reader.next(record) == shown::record);
  reader.consume();
  CHECK(writer.put(1, 0, {}) == written::full);
  (void) reader.publish_consumed();
  CHECK(writer.peer_consumed() == 1024);
  CHECK(writer.free_bytes() == 1024);
  CHECK(writer.put(1, 0, some_bytes(quarter)) == written::written);
}

TEST_CASE("room may be given back later than it is consumed, and in parts") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  record_view first, second;
  REQUIRE(writer.put(1, 0, some_bytes(10)) == written::written);
  REQUIRE(writer.put(1, 0, some_bytes(20)) == written::written);
  (void) writer.publish();
  REQUIRE(reader.next(first) == shown::record);
  reader.consume();
  REQUIRE(reader.next(second) == shown::record);
  reader.consume();
  (void) reader.publish_consumed(first.end_position);
  CHECK(writer.peer_consumed() == first.end_position);
  CHECK(reader.position() == second.end_position);
  (void) reader.publish_consumed();
  CHECK(writer.peer_consumed() == second.end_position);
}

TEST_CASE("a record that does not fit before the ring's end starts at its beginning") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  for (int i = 0; i < 3; ++i)
    pass(writer, reader, quarter);
  pass(writer, reader, quarter - 16); // leaves the smallest tail: 16 bytes
  auto payload = some_bytes(40, 5);
  REQUIRE(writer.put(1, 0, payload) == written::written);
  CHECK(writer.position() == 4096 + record_bytes(40));
  (void) writer.publish();
  record_view record;
  REQUIRE(reader.next(record) == shown::record);
  CHECK(record.payload.data() == both.down.foreign() + ring_offset(small, lane_id::data) + sizeof(record_header));
  CHECK(copy_of(record.payload) == payload);
  reader.consume();
  CHECK(reader.position() == writer.position());
}

TEST_CASE("a record that ends with the ring needs no padding") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  for (int i = 0; i < 4; ++i)
    pass(writer, reader, quarter);
  CHECK(writer.position() == 4096);
  pass(writer, reader, quarter);
  CHECK(reader.position() == 4096 + 1024);
}

TEST_CASE("padding counts when a lane is full") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  pass(writer, reader, 500); // consumed: 528
  for (int i = 0; i < 3; ++i)
    REQUIRE(writer.put(1, 0, some_bytes(quarter)) == written::written); // tail: 496 bytes
  CHECK(writer.free_bytes() == 1024);
  CHECK_FALSE(writer.room_available(quarter)); // 496 of padding and 1024 do not fit
  CHECK(writer.put(1, 0, some_bytes(quarter)) == written::full);
  CHECK(writer.room_available(480)); // fills the tail
  CHECK(writer.put(1, 0, some_bytes(480)) == written::written);
  CHECK(writer.position() == 4096);
}

TEST_CASE("every size of record passes every offset of the ring") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  record_view record;
  for (size_t round = 0; round < 5; ++round)
    for (size_t bytes = 0; bytes <= quarter; ++bytes) {
      auto payload = some_bytes(bytes, static_cast<unsigned>(round));
      REQUIRE(writer.put(1, 0, payload) == written::written);
      (void) writer.publish();
      REQUIRE(reader.next(record) == shown::record);
      REQUIRE(std::ranges::equal(record.payload, payload));
      reader.consume();
      (void) reader.publish_consumed();
    }
}

TEST_CASE("lanes do not share room, positions or records") {
  edge both{{4096, 8192}};
  auto data = both.writer(lane_id::data);
  auto control = both.writer(lane_id::control);
  for (int i = 0; i < 4; ++i)
    REQUIRE(data.put(1, 0, some_bytes(quarter)) == written::written);
  REQUIRE(data.put(1, 0, {}) == written::full);
  CHECK(control.free_bytes() == 8192);
  REQUIRE(control.put(2, 0, some_bytes(2032)) == written::written);
  (void) control.publish();
  auto data_reader = both.reader(lane_id::data);
  auto control_reader = both.reader(lane_id::control);
  record_view record;
  CHECK(data_reader.next(record) == shown::empty);
  REQUIRE(control_reader.next(record) == shown::record);
  CHECK(record.kind == 2);
  CHECK(copy_of(record.payload) == some_bytes(2032));
}

TEST_CASE("the two directions of an edge are independent") {
  edge both;
  auto there = both.writer();
  auto reader_there = both.reader();
  lane_writer back{both.up.own(), both.down.foreign(), small, lane_id::data};
  lane_reader reader_back{both.down.own(), both.up.foreign(), small, lane_id::data};
  REQUIRE(there.put(1, 0, some_bytes(1)) == written::written);
  REQUIRE(back.put(2, 0, some_bytes(2)) == written::written);
  (void) there.publish();
  (void) back.publish();
  record_view record;
  REQUIRE(reader_there.next(record) == shown::record);
  CHECK(record.kind == 1);
  REQUIRE(reader_back.next(record) == shown::record);
  CHECK(record.kind == 2);
}

TEST_CASE("a successor reads on behind what its predecessor gave back") {
  edge before;
  auto writer = before.writer();
  record_view record;
  for (uint16_t kind = 1; kind <= 3; ++kind)
    REQUIRE(writer.put(kind, 0, some_bytes(kind)) == written::written);
  (void) writer.publish();
  {
    auto dead = before.reader();
    REQUIRE(dead.next(record) == shown::record);
    dead.consume();
    (void) dead.publish_consumed();
    REQUIRE(dead.next(record) == shown::record);
    dead.consume(); // consumed, but its room was not given back
  }
  guarded_region up{small, {.published = consumed_by(before.down.own()), .consumed = {.data = writer.peer_consumed()}}};
  writer = lane_writer{before.down.own(), up.foreign(), small, lane_id::data};
  lane_reader successor{up.own(), before.down.foreign(), small, lane_id::data};
  REQUIRE(successor.next(record) == shown::record);
  CHECK(record.kind == 2);
  successor.consume();
  REQUIRE(successor.next(record) == shown::record);
  CHECK(record.kind == 3);
  successor.consume();
  (void) successor.publish_consumed();
  CHECK(writer.free_bytes() == 4096);
  CHECK(writer.put(4, 0, {}) == written::written);
}
