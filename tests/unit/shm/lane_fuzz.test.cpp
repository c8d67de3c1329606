// Damages a lane at random and reads it to the end: catches a reader that leaves its mapping (guard pages and the sanitizers
// see it), that never ends, or that goes on after it has seen a flaw. Seeds are fixed, so a failure repeats.
#include "regions.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <random>

using namespace bulkhead::shm;
using namespace bulkhead::shm::test;

namespace {

/// Fills the data lane with records of many sizes; wraps first, so that padding is among them.
void fill_lane(edge& both, unsigned seed) {
  std::mt19937 random{seed};
  auto writer = both.writer();
  auto reader = both.reader();
  record_view record;
  for (int i = 0; i < 5; ++i) {
    REQUIRE(writer.put(1, 0, some_bytes(700 + random() % 200)) == written::written);
    (void) writer.publish();
    REQUIRE(reader.next(record) == shown::record);
    reader.consume();
    (void) reader.publish_consumed();
  }
  while (writer.put(static_cast<uint16_t>(random() % 8), 0, some_bytes(random() % 200)) == written::written)
    continue;
  (void) writer.publish();
}

/// Reads until nothing is left, each byte of each payload. @returns the last outcome.
shown read_to_the_end(edge& both) {
  auto* ring = both.down.foreign() + ring_offset(both.rings, lane_id::data);
  auto reader = both.reader();
  record_view record;
  unsigned sum = 0;
  for (size_t steps = 0; steps <= both.rings.data_bytes / record_alignment; ++steps) {
    auto outcome = reader.next(record);
    if (outcome != shown::record) {
      REQUIRE(reader.next(record) == outcome);
      REQUIRE(reader.corrupt() == (outcome == shown::corrupt));
      return outcome;
    }
    REQUIRE(record.payload.data() >= ring + sizeof(record_header));
    REQUIRE(record.payload.data() + record.payload.size() <= ring + both.rings.data_bytes);
    for (auto byte : record.payload)
      sum += std::to_integer<unsigned>(byte);
    reader.consume();
  }
  FAIL("more records than a ring can hold, sum " << sum);
  return shown::corrupt;
}

} // namespace

TEST_CASE("an undamaged lane reads to its end") {
  edge both;
  fill_lane(both, 1);
  CHECK(read_to_the_end(both) == shown::empty);
}

TEST_CASE("a lane with any single bit flipped is read to its end or found corrupt") {
  edge both;
  fill_lane(both, 2);
  size_t corrupt = 0;
  for (size_t bit = 0; bit < size_t{both.rings.data_bytes} * 8; ++bit) {
    auto& byte = both.ring()[bit / 8];
    auto mask = static_cast<std::byte>(1 << bit % 8);
    byte ^= mask;
    corrupt += read_to_the_end(both) == shown::corrupt;
    byte ^= mask;
  }
  CHECK(corrupt > 0);
  CHECK(read_to_the_end(both) == shown::empty);
}

TEST_CASE("a region header with any single bit flipped does no harm to the reader") {
  edge both;
  fill_lane(both, 3);
  auto* header = both.down.own();
  for (size_t bit = 0; bit < sizeof(region_header<>) * 8; ++bit) {
    auto mask = static_cast<std::byte>(1 << bit % 8);
    header[bit / 8] ^= mask;
    (void) read_to_the_end(both);
    header[bit / 8] ^= mask;
  }
  CHECK(read_to_the_end(both) == shown::empty);
}

TEST_CASE("random bytes in a lane are read to their end or found corrupt") {
  edge both;
  fill_lane(both, 4);
  std::mt19937_64 random{4};
  for (int round = 0; round < 2'000; ++round) {
    for (size_t at = 0; at < both.rings.data_bytes; at += 8) {
      auto word = random();
      if (round % 2 == 0 && at % 16 == 0)
        word &= 0xffff'0000'0000'003f; // small sizes come further
      std::memcpy(both.ring() + at, &word, sizeof(word));
    }
    (void) read_to_the_end(both);
  }
}

TEST_CASE("many damaged headers in valid traffic are read to their end or found corrupt") {
  std::mt19937 random{5};
  for (unsigned round = 0; round < 500; ++round) {
    edge both;
    fill_lane(both, round);
    for (int i = 0; i < 4; ++i) {
      auto value = static_cast<uint32_t>(random() >> random() % 32);
      std::memcpy(both.ring() + random() % 256 * 16 + random() % 4 * 4, &value, sizeof(value));
    }
    (void) read_to_the_end(both);
  }
}

TEST_CASE("random foreign positions never make a writer write or wait in vain") {
  std::mt19937_64 random{6};
  for (int round = 0; round < 5'000; ++round) {
    edge both;
    auto writer = both.writer();
    for (int i = 0; i < 40; ++i) {
      both.up.header().consumed[0] = random() >> random() % 64;
      both.up.header().armed = random();
      auto before = writer.position();
      auto outcome = writer.put(1, 0, some_bytes(random() % 1009));
      if (outcome == written::corrupt) {
        REQUIRE(writer.position() == before);
        REQUIRE(writer.corrupt());
      }
      (void) writer.publish();
      if (writer.want_room(random() % 1009))
        REQUIRE_FALSE(writer.corrupt());
      REQUIRE(writer.free_bytes() <= 4096);
    }
  }
}
