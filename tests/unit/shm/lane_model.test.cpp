// Random operations on a lane and on its model, a queue of records: catches room that is lost or used twice, records that
// change, and a lane that says full or empty when it is not.
#include "regions.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <random>

using namespace bulkhead::shm;
using namespace bulkhead::shm::test;

namespace {

struct model_record {
  uint16_t kind;
  std::vector<std::byte> payload;
  uint64_t end;
};

/// A lane as simply as it can be said.
struct model {
  explicit model(uint64_t ring_size) : ring(ring_size) {}

  uint64_t ring;
  uint64_t position = 0, published = 0, consumed = 0, given_back = 0;
  std::deque<model_record> unread;
  std::deque<uint64_t> consumed_ends; // not given back yet

  uint64_t end_if_put(size_t payload_bytes) const {
    auto bytes = record_bytes(payload_bytes);
    auto start = position;
    if (start / ring != (start + bytes - 1) / ring)
      start = (start / ring + 1) * ring;
    return start + bytes;
  }

  bool fits(size_t payload_bytes) const {
    return end_if_put(payload_bytes) - given_back <= ring;
  }
};

struct pair_under_test {
  explicit pair_under_test(unsigned seed, geometry rings) : both(rings), random(seed), expected{rings.data_bytes} {}

  edge both;
  std::mt19937 random;
  model expected;
  lane_writer writer = both.writer();
  lane_reader reader = both.reader();

  unsigned below(size_t limit) {
    return static_cast<unsigned>(random() % limit);
  }

  size_t some_size() {
    auto largest = largest_payload(static_cast<uint32_t>(expected.ring));
    switch (below(4)) {
    case 0:
      return below(20);
    case 1:
      return largest - below(40);
    default:
      return below(largest / 4);
    }
  }

  void put() {
    model_record record{static_cast<uint16_t>(below(padding_kind)), some_bytes(some_size(), below(100)), 0};
    auto fits = expected.fits(record.payload.size());
    REQUIRE(writer.room_available(record.payload.size()) == fits);
    auto cut = below(record.payload.size() + 1);
    auto payload = std::span<const std::byte>{record.payload};
    auto outcome = writer.put(record.kind, 0, payload.first(cut), payload.subspan(cut), record.payload.size());
    REQUIRE(outcome == (fits ? written::written : written::full));
    if (fits) {
      expected.position = record.end = expected.end_if_put(record.payload.size());
      expected.unread.push_back(std::move(record));
    }
    REQUIRE(writer.position() == expected.position);
  }

  void publish() {
    REQUIRE_FALSE(writer.publish()); // the reader never sleeps here
    expected.published = expected.position;
  }

  void read_one() {
    record_view record;
    auto visible = expected.consumed < expected.published;
    REQUIRE(reader.has_data() == visible);
    REQUIRE(reader.next(record) == (visible ? shown::record : shown::empty));
    if (!visible)
      return;
    auto& front = expected.unread.front();
    REQUIRE(record.kind == front.kind);
    REQUIRE(record.aux == front.payload.size());
    REQUIRE(std::ranges::equal(record.payload, front.payload));
    REQUIRE(record.end_position == front.end);
    reader.consume();
    expected.consumed = front.end;
    expected.consumed_ends.push_back(front.end);
    expected.unread.pop_front();
    REQUIRE(reader.position() == expected.consumed);
  }

  void give_back() {
    if (expected.consumed_ends.empty())
      return;
    auto count = 1 + below(expected.consumed_ends.size());
    expected.given_back = expected.consumed_ends[count - 1];
    expected.consumed_ends.erase(expected.consumed_ends.begin(), expected.consumed_ends.begin() + count);
    REQUIRE_FALSE(reader.publish_consumed(expected.given_back)); // the writer never waits here
    REQUIRE(writer.peer_consumed() == expected.given_back);
    REQUIRE(writer.free_bytes() == expected.ring - (expected.position - expected.given_back));
  }

  /// Views carry nothing that a new one would not find, once everything is published and given back.
  void attach_anew() {
    if (expected.published != expected.position || expected.given_back != expected.consumed)
      return;
    writer = both.writer();
    reader = both.reader();
  }

  void step() {
    switch (below(9)) {
    case 0:
    case 1:
    case 2:
      return put();
    case 3:
      return publish();
    case 4:
    case 5:
    case 6:
      return read_one();
    case 7:
      return give_back();
    default:
      return attach_anew();
    }
  }
};

} // namespace

TEST_CASE("a lane behaves like a queue with limited room") {
  auto seed = GENERATE(range(1u, 21u));
  auto rings = GENERATE(geometry{4096, 4096}, geometry{32768, 4096});
  CAPTURE(seed, rings.data_bytes);
  pair_under_test lane{seed, rings};
  for (int i = 0; i < 5'000; ++i)
    lane.step();
  CHECK(lane.expected.position > 10 * lane.expected.ring); // the ring went round
}
