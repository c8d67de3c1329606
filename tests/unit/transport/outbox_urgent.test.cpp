// What travels in the control lane: urgent messages, and what must not be lost.
#include "unit/transport/one_way.hpp"

#include <thread>

using namespace one_way_edge;

TEST_CASE("an urgent message overtakes data, unless it is too large for the control lane") {
  one_way way;
  for (uint64_t i = 0; i < 200; ++i)
    REQUIRE(way.send(1, 2, i, 40) == outcome::accepted);
  CHECK(way.out.send_urgent(0, {2, 1, 1000, 1, 0}, caf::byte_buffer(100), admission::bounded) == outcome::accepted);
  CHECK(way.out.send_urgent(0, {2, 1, 1001, 1, 0}, caf::byte_buffer(2000), admission::bounded) == outcome::accepted);
  auto seen = way.read_all();
  REQUIRE(seen.size() == 202);
  CHECK(seen.front().head.word == 1000);
  CHECK(seen.back().head.word == 1001);
}

TEST_CASE("a flood of urgent messages is turned away, and what must not be lost passes all the same") {
  one_way way{{.spill_bytes_max = 2000, .message_bytes_max = 100'000}};
  uint64_t accepted = 0;
  auto send = [&](admission admit) { return way.out.send_urgent(0, {2, 1, accepted, 1, 0}, caf::byte_buffer(100), admit); };
  while (send(admission::bounded) == outcome::accepted)
    ++accepted;
  CHECK(send(admission::bounded) == outcome::full);
  CHECK(send(admission::guaranteed) == outcome::accepted);
  CHECK(way.out.send_control(record_kind::exit, {2, 1, 0, 1, 0}, {}) == outcome::accepted);
  CHECK(way.send(1, 2, 0, 100) == outcome::accepted);
  auto seen = way.read_all();
  REQUIRE(seen.size() == accepted + 3);
  for (uint64_t i = 0; i <= accepted; ++i)
    CHECK(seen[i].head.word == i);
  CHECK(send(admission::bounded) == outcome::accepted);
}

// Catches a reader that looks at the control lane, then takes a data record that was put behind a newer control record.
TEST_CASE("an urgent message is read before data that was sent after it") {
  one_way way;
  constexpr uint64_t rounds = 20'000;
  std::thread sender{[&] {
    for (uint64_t i = 1; i <= rounds; ++i) {
      while (way.out.has_waiting())
        way.out.pump();
      (void) way.out.send_urgent(0, {2, 3, i, 1, 0}, {}, admission::guaranteed);
      (void) way.send(1, 2, i, 0, admission::guaranteed);
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
    CHECK(way.out.send_control(record_kind::exit, {1, 1, i, 1, 0}, {}) == outcome::accepted);
  auto seen = way.read_all();
  REQUIRE(seen.size() == 500);
  for (uint64_t i = 0; i < seen.size(); ++i)
    CHECK(seen[i].head.word == i);
  CHECK(way.out.send_control(record_kind::exit, {}, caf::byte_buffer(4096)) == outcome::too_large);
}
