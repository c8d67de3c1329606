// What travels in the control lane: urgent messages, and what must not be lost.
#include "unit/transport/one_way.hpp"

#include <thread>

using namespace one_way_edge;

TEST_CASE("an urgent message overtakes data, unless it is too large for the control lane") {
  one_way way;
  for (uint64_t i = 0; i < 200; ++i)
    REQUIRE(way.send(1, 2, i, 40) == send_outcome::accepted);
  CHECK(way.out.send_urgent(0, {2, 1, 1000, 1, 0}, caf::byte_buffer(100)) == send_outcome::accepted);
  CHECK(way.out.send_urgent(0, {2, 1, 1001, 1, 0}, caf::byte_buffer(2000)) == send_outcome::accepted);
  auto seen = way.read_all();
  REQUIRE(seen.size() == 202);
  CHECK(seen.front().head.word == 1000);
  CHECK(seen.back().head.word == 1001);
}

TEST_CASE("a peer that leaves its control records unread is found out") {
  one_way way{{.control_bytes_max = 1 << 20}};
  auto flood = [&] { return way.out.send_control(record_kind::exit, {2, 1, 0, 1, 0}, caf::byte_buffer(200)); };
  for (auto i = 0; i < 500; ++i)
    REQUIRE(flood() == send_outcome::accepted);
  CHECK_FALSE(way.out.ignored());
  CHECK(way.read_all().size() == 500);
  for (auto i = 0; i < 6000; ++i)
    REQUIRE(flood() == send_outcome::accepted);
  CHECK(way.out.ignored());
}

// Catches a reader that looks at the control lane, then takes a data record that was put behind a newer control record.
TEST_CASE("an urgent message is read before data that was sent after it") {
  one_way way;
  constexpr uint64_t rounds = 20'000;
  std::thread sender{[&] {
    for (uint64_t i = 1; i <= rounds; ++i) {
      while (way.out.has_waiting())
        way.out.pump();
      (void) way.out.send_urgent(0, {2, 3, i, 1, 0}, {});
      (void) way.send(1, 2, i, 0);
    }
    while (way.out.has_waiting())
      way.out.pump();
  }};
  uint64_t urgent = 0;
  uint64_t late = 0;
  incoming record;
  for (uint64_t data = 0; data < rounds;) {
    if (way.in.next(record) != transport::inbox::outcome::record) {
      (void) way.in.publish_consumed();
      continue;
    }
    if (record.head.source == 1) {
      data = record.head.word;
      late += urgent < data ? 1 : 0;
    } else {
      urgent = record.head.word;
    }
  }
  sender.join();
  CHECK(late == 0);
}

TEST_CASE("the control lane passes its own records in order, however many there are") {
  one_way way;
  for (uint64_t i = 0; i < 500; ++i)
    CHECK(way.out.send_control(record_kind::exit, {1, 1, i, 1, 0}, {}) == send_outcome::accepted);
  auto seen = way.read_all();
  REQUIRE(seen.size() == 500);
  for (uint64_t i = 0; i < seen.size(); ++i)
    CHECK(seen[i].head.word == i);
  CHECK(way.out.send_control(record_kind::exit, {}, caf::byte_buffer(4096)) == send_outcome::too_large);
}
