// Catches a view that believes what a hostile or damaged peer wrote: each word that the peer owns is set to values that an
// honest one never leaves. Touching one byte outside the lane hits a guard page.
#include "regions.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <string>

using namespace bulkhead::shm;
using namespace bulkhead::shm::test;

namespace {

/// An edge with two records of 32 bytes in the data lane, none consumed.
struct traffic {
  edge both;
  lane_writer writer = both.writer();
  lane_reader reader = both.reader();
  record_view record;

  traffic() {
    REQUIRE(writer.put(1, 0, some_bytes(16)) == written::written);
    REQUIRE(writer.put(2, 0, some_bytes(16)) == written::written);
    (void) writer.publish();
  }

  void write_header(size_t offset, record_header header) {
    std::memcpy(both.ring() + offset, &header, sizeof(header));
  }

  void expect(flaw found) {
    CHECK(reader.next(record) == shown::corrupt);
    CHECK(reader.found() == found);
  }
};

} // namespace

TEST_CASE("a published position that went back is corrupt") {
  traffic t;
  REQUIRE(t.reader.next(t.record) == shown::record);
  t.reader.consume();
  REQUIRE(t.reader.next(t.record) == shown::record);
  t.reader.consume();
  t.both.down.header().published[0] = GENERATE(0u, 32u, 48u);
  t.expect(flaw::published_went_back);
}

TEST_CASE("a published position beyond the ring is corrupt") {
  traffic t;
  t.both.down.header().published[0] =
    GENERATE(uint64_t{4096 + 16}, uint64_t{1} << 32, uint64_t{1} << 63, ~uint64_t{15});
  t.expect(flaw::published_passes_room);
}

TEST_CASE("a writer that publishes over room that was not given back is corrupt, although all was consumed") {
  traffic t;
  for (int i = 0; i < 2; ++i) {
    REQUIRE(t.reader.next(t.record) == shown::record);
    t.reader.consume();
  }
  t.both.down.header().published[0] = 4096 + 32;
  t.expect(flaw::published_passes_room);
}

TEST_CASE("a published position between two records is corrupt") {
  traffic t;
  t.both.down.header().published[0] = GENERATE(1u, 8u, 63u);
  t.expect(flaw::published_unaligned);
}

TEST_CASE("a record that is larger than a lane allows is corrupt") {
  traffic t;
  t.write_header(0, {GENERATE(1009u, 4080u, 4096u, 0x7fffffffu, 0xfffffff0u, 0xffffffffu), 1, 0, 0});
  t.expect(flaw::record_too_large);
}

TEST_CASE("a record that is longer than what was published is corrupt") {
  traffic t;
  t.write_header(0, {GENERATE(49u, 1008u), 1, 0, 0});
  t.expect(flaw::record_passes_published);
}

TEST_CASE("a record that crosses the ring's end is corrupt") {
  traffic t;
  for (size_t offset = 0; offset < 4096 - 32; offset += 1008)
    t.write_header(offset, {992, 1, 0, 0});
  t.write_header(4032, {49, 1, 0, 0});
  t.both.down.header().published[0] = 4096;
  for (int i = 0; i < 4; ++i) {
    REQUIRE(t.reader.next(t.record) == shown::record);
    t.reader.consume();
  }
  t.expect(flaw::record_crosses_end);
}

TEST_CASE("padding at the ring's beginning is corrupt") {
  traffic t;
  t.write_header(0, {GENERATE(0u, 16u, 4080u), padding_kind, 0, 0});
  t.expect(flaw::padding_malformed);
}

TEST_CASE("padding that does not fill the tail in front of a record is corrupt") {
  traffic t;
  REQUIRE(t.reader.next(t.record) == shown::record);
  t.reader.consume();
  (void) t.reader.publish_consumed();
  auto& published = t.both.down.header().published[0];
  published = 4096 + 32;
  SECTION("too short") {
    t.write_header(32, {16, padding_kind, 0, 0});
  }
  SECTION("too long") {
    t.write_header(32, {4064, padding_kind, 0, 0});
  }
  SECTION("with flags") {
    t.write_header(32, {4048, padding_kind, 1, 0});
  }
  SECTION("with aux") {
    t.write_header(32, {4048, padding_kind, 0, 1});
  }
  SECTION("without a record behind it") {
    t.write_header(32, {4048, padding_kind, 0, 0});
    published = 4096;
  }
  SECTION("behind what was published") {
    t.write_header(32, {4048, padding_kind, 0, 0});
    published = 64;
  }
  t.reader = t.both.reader(); // has seen nothing of this yet
  t.expect(flaw::padding_malformed);
}

TEST_CASE("padding that fills the tail in front of a record is skipped") {
  traffic t;
  REQUIRE(t.reader.next(t.record) == shown::record);
  t.reader.consume();
  (void) t.reader.publish_consumed();
  t.both.down.header().published[0] = 4096 + 32;
  t.write_header(32, {4048, padding_kind, 0, 0});
  t.reader = t.both.reader();
  REQUIRE(t.reader.next(t.record) == shown::record);
  CHECK(t.record.end_position == 4096 + 32);
}

TEST_CASE("padding behind padding is corrupt") {
  traffic t;
  REQUIRE(t.reader.next(t.record) == shown::record);
  t.reader.consume();
  (void) t.reader.publish_consumed();
  t.write_header(0, {4080, padding_kind, 0, 0});
  t.write_header(32, {4048, padding_kind, 0, 0});
  t.both.down.header().published[0] = 4096 + 32;
  t.reader = t.both.reader();
  t.expect(flaw::padding_malformed);
}

TEST_CASE("records that were seen stay readable although their writer takes them back") {
  traffic t;
  REQUIRE(t.reader.next(t.record) == shown::record);
  t.reader.consume();
  t.both.down.header().published[0] = 32;
  CHECK(t.reader.has_data());
  REQUIRE(t.reader.next(t.record) == shown::record);
  t.reader.consume();
  CHECK(t.reader.has_data());
  t.expect(flaw::published_went_back);
}

TEST_CASE("a corrupt lane stays corrupt when its words are put right, and says why") {
  traffic t;
  auto& published = t.both.down.header().published[0];
  published = 8;
  t.expect(flaw::published_unaligned);
  published = 64;
  t.expect(flaw::published_unaligned);
  CHECK(t.reader.has_data());
  CHECK(t.reader.what_is_corrupt() == std::string{"the peer published a position that is not a multiple of 16"});
}

TEST_CASE("a consumed position that went back is corrupt") {
  traffic t;
  auto& consumed = t.both.up.header().consumed[0];
  consumed = 32;
  REQUIRE(t.writer.peer_consumed() == 32);
  consumed = GENERATE(0u, 16u);
  CHECK(t.writer.peer_consumed() == 32);
  CHECK(t.writer.found() == flaw::consumed_went_back);
}

TEST_CASE("a consumed position that passes what was published is corrupt, although it was put") {
  traffic t;
  REQUIRE(t.writer.put(3, 0, {}) == written::written);
  t.both.up.header().consumed[0] = GENERATE(uint64_t{80}, uint64_t{4096}, uint64_t{1} << 63, ~uint64_t{0});
  CHECK(t.writer.peer_consumed() == 0);
  CHECK(t.writer.found() == flaw::consumed_passes_published);
}

TEST_CASE("a consumed position within a record's alignment is corrupt") {
  traffic t;
  t.both.up.header().consumed[0] = GENERATE(1u, 8u, 63u);
  CHECK(t.writer.peer_consumed() == 0);
  CHECK(t.writer.found() == flaw::consumed_unaligned);
}

TEST_CASE("a peer that starts to read where the ring was overwritten is corrupt") {
  edge both;
  both.down.header().published[0] = 8192;
  both.up.header().consumed[0] = GENERATE(0u, 4080u);
  auto writer = both.writer();
  CHECK(writer.found() == flaw::consumed_too_far_behind);
  CHECK(writer.put(1, 0, {}) == written::corrupt);
}

TEST_CASE("a writer whose peer is corrupt takes no record and does not wait for room") {
  traffic t;
  auto& consumed = t.both.up.header().consumed[0];
  while (t.writer.put(1, 0, some_bytes(16)) == written::written)
    continue;
  (void) t.writer.publish();
  auto position = t.writer.position();
  consumed = 8;
  CHECK_FALSE(t.writer.want_room());
  CHECK(t.writer.put(1, 0, {}) == written::corrupt);
  consumed = 64;
  CHECK(t.writer.put(1, 0, {}) == written::corrupt);
  CHECK_FALSE(t.writer.want_room());
  CHECK(t.writer.position() == position);
  CHECK(t.writer.what_is_corrupt() == std::string{"the peer consumed up to a position that is not a multiple of 16"});
}

TEST_CASE("every flaw has a sentence of its own") {
  std::vector<std::string> sentences;
  for (int i = 0; i <= static_cast<int>(flaw::consumed_too_far_behind); ++i) {
    std::string text = sentence(static_cast<flaw>(i));
    CHECK(std::count(sentences.begin(), sentences.end(), text) == 0);
    sentences.push_back(text);
  }
  CHECK(std::count(sentences.begin(), sentences.end(), sentence(static_cast<flaw>(255))) == 0);
}
