#include "edges.hpp"

#include <map>
#include <random>
#include <thread>
#include <vector>

using namespace edges;
using transport::envelope;
using transport::incoming;
using transport::outbox;
using transport::record_kind;
using admission = outbox::admission;
using outcome = outbox::outcome;

namespace {

struct seen_record {
  record_kind kind;
  envelope head;
  size_t bytes;
};

struct number_log final : outbox::acceptance {
  void accepted(const transport::record_counts& number) override { numbers.push_back(number); }
  std::vector<transport::record_counts> numbers;
};

struct one_way {
  explicit one_way(transport::outbox_limits limits = {}) : ends(make_pair(small)), out(make_outbox(ends.host, limits)) {
    // nop
  }

  // Reads all that the sender has, as both loops would.
  std::vector<seen_record> read_all() {
    std::vector<seen_record> result;
    for (;;) {
      out.pump();
      incoming record;
      size_t count = 0;
      while (in.next(record) == transport::inbox::outcome::record) {
        result.push_back({record.kind, record.head, record.body.size()});
        ++count;
      }
      (void) in.publish_consumed();
      if (count == 0 && !out.has_waiting())
        return result;
    }
  }

  outcome send(uint64_t source, uint64_t target, uint64_t word, size_t bytes, admission admit = admission::bounded) {
    return out.send(record_kind::message, 0, {target, source, word, 1, 0}, caf::byte_buffer(bytes), admit);
  }

  edge_pair ends;
  outbox out;
  transport::inbox in = make_inbox(ends.worker);
};

} // namespace

TEST_CASE("a record arrives as it was sent") {
  one_way way;
  caf::byte_buffer body{caf::byte{1}, caf::byte{2}, caf::byte{3}};
  CHECK(way.out.send(record_kind::message, 5, {10, 20, 30, 1, 2}, body, admission::bounded) == outcome::accepted);
  incoming record;
  REQUIRE(way.in.next(record) == transport::inbox::outcome::record);
  CHECK(record.kind == record_kind::message);
  CHECK(record.flags == 5);
  CHECK(record.head.target == 10);
  CHECK(record.head.source == 20);
  CHECK(record.head.word == 30);
  CHECK(record.head.target_process == 1);
  CHECK(record.head.source_process == 2);
  CHECK(std::vector<std::byte>(record.body.begin(), record.body.end())
        == std::vector{std::byte{1}, std::byte{2}, std::byte{3}});
  CHECK(way.in.next(record) == transport::inbox::outcome::empty);
}

TEST_CASE("records beyond the mailbox wait, and arrive in order") {
  one_way way;
  for (uint64_t i = 0; i < 1000; ++i)
    REQUIRE(way.send(1, 2, i, 40) == outcome::accepted);
  CHECK(way.out.has_waiting());
  auto seen = way.read_all();
  REQUIRE(seen.size() == 1000);
  for (uint64_t i = 0; i < seen.size(); ++i)
    CHECK(seen[i].head.word == i);
}

TEST_CASE("a full spill turns bounded records away, and takes guaranteed and control ones") {
  one_way way{{.spill_bytes_max = 2000, .message_bytes_max = 100'000}};
  uint64_t accepted = 0;
  while (way.send(1, 2, accepted, 100) == outcome::accepted)
    ++accepted;
  CHECK(way.send(1, 2, 0, 0) == outcome::full);
  CHECK(way.send(1, 2, accepted, 100, admission::guaranteed) == outcome::accepted);
  CHECK(way.out.send_control(record_kind::exit, {2, 1, 0, 1, 0}, {}) == outcome::accepted);
  auto seen = way.read_all();
  REQUIRE(seen.size() == accepted + 2);
  CHECK(seen.front().kind == record_kind::exit);
  CHECK(seen.back().head.word == accepted);
  CHECK(way.send(1, 2, 0, 100) == outcome::accepted);
}

TEST_CASE("each accepted record learns its number in its lane, a refused one learns nothing") {
  one_way way{{.spill_bytes_max = 2000, .message_bytes_max = 3000}};
  number_log log;
  auto send = [&](size_t bytes) {
    return way.out.send(record_kind::message, 0, {1, 2, 0, 1, 0}, caf::byte_buffer(bytes), admission::bounded, &log);
  };
  CHECK(send(10) == outcome::accepted);
  CHECK(send(3001) == outcome::too_large);
  CHECK(way.out.send_urgent(0, {1, 2, 0, 1, 0}, {}, admission::bounded, &log) == outcome::accepted);
  CHECK(way.out.send_control(record_kind::exit, {1, 2, 0, 1, 0}, {}) == outcome::accepted);
  CHECK(send(2000) == outcome::accepted); // in pieces
  CHECK(log.numbers == std::vector<transport::record_counts>{{1, 0}, {1, 1}, {2, 1}});
  while (send(500) == outcome::accepted)
    continue;
  auto sent = log.numbers.back();
  CHECK(send(500) == outcome::full);
  CHECK(log.numbers.back() == sent);
  (void) way.read_all();
  CHECK(way.in.completed() == sent);
  way.out.close();
  CHECK(send(10) == outcome::closed);
  CHECK(log.numbers.back() == sent);
}

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

TEST_CASE("the size of a record is limited to the byte") {
  one_way way{{.spill_bytes_max = 1 << 20, .message_bytes_max = 10'000}};
  CHECK(way.send(1, 2, 0, 10'001) == outcome::too_large);
  CHECK(way.send(1, 2, 0, 10'000) == outcome::accepted);
  auto seen = way.read_all();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].bytes == 10'000);
}

TEST_CASE("a large record does not hold up those of other actors, and keeps the order of its own") {
  one_way way;
  REQUIRE(way.send(1, 2, 0, 100'000) == outcome::accepted);
  REQUIRE(way.send(1, 2, 1, 10) == outcome::accepted);
  REQUIRE(way.send(1, 3, 2, 10) == outcome::accepted);
  REQUIRE(way.send(9, 2, 3, 10) == outcome::accepted);
  // A notice about the actor itself comes after all that it sent.
  REQUIRE(way.out.send(record_kind::down, 0, {0, 1, 4, 0, 0}, {}, admission::guaranteed) == outcome::accepted);
  std::vector<uint64_t> words;
  for (auto& x : way.read_all())
    words.push_back(x.head.word);
  CHECK(words == std::vector<uint64_t>{2, 3, 0, 1, 4});
}

// Would catch: a record that overtakes a stream or the spill of its own pair, one that is lost when a stream ends.
TEST_CASE("any mix of sizes and pairs arrives completely, and in order for each pair") {
  std::minstd_rand random{7};
  for (auto round = 0; round < 20; ++round) {
    one_way way;
    std::map<std::pair<uint64_t, uint64_t>, uint64_t> sent, arrived;
    std::vector<seen_record> seen;
    for (auto i = 0; i < 400; ++i) {
      auto source = 1 + random() % 3;
      auto target = 1 + random() % 3;
      auto bytes = random() % 10 == 0 ? random() % 20'000 : random() % 300;
      REQUIRE(way.send(source, target, sent[{source, target}]++, bytes) == outcome::accepted);
      if (random() % 50 == 0)
        for (auto& x : way.read_all())
          seen.push_back(x);
    }
    for (auto& x : way.read_all())
      seen.push_back(x);
    auto in_order = true;
    for (auto& x : seen)
      in_order = in_order && arrived[{x.head.source, x.head.target}]++ == x.head.word;
    CHECK(in_order);
    CHECK(arrived == sent);
  }
}

TEST_CASE("after close nothing is accepted, and what waits can be listed") {
  one_way way;
  REQUIRE(way.send(1, 2, 1, 100'000) == outcome::accepted);
  REQUIRE(way.send(1, 2, 2, 10) == outcome::accepted);
  REQUIRE(way.send(1, 3, 3, 10) == outcome::accepted); // fits into the mailbox behind the first pieces, or waits
  for (uint64_t i = 4; i < 200; ++i)
    REQUIRE(way.send(8, 9, i, 50) == outcome::accepted);
  way.out.close();
  CHECK(way.send(1, 2, 4, 10) == outcome::closed);
  CHECK(way.out.send_control(record_kind::stop, {}, {}) == outcome::closed);
  std::map<uint64_t, int> listed;
  way.out.for_each_waiting([&](const envelope& head) { ++listed[head.word]; });
  transport::for_each_unread(way.ends.host, [&](const envelope& head) { ++listed[head.word]; });
  CHECK(listed.size() == 199);
  for (auto& [word, count] : listed)
    CHECK(count == 1);
}

TEST_CASE("a peer with an impossible cursor makes the outbox corrupt, not the process") {
  for (auto lie : {uint64_t{1} << 40, uint64_t{8}}) {
    one_way way;
    for (uint64_t i = 0; i < 10; ++i)
      REQUIRE(way.send(1, 2, i, 40) == outcome::accepted);
    shm::header_of(way.ends.worker.own.data())->consumed[0].store(lie);
    for (uint64_t i = 0; i < 200; ++i)
      (void) way.send(1, 2, i, 40);
    way.out.pump();
    CHECK(way.out.corrupt());
    way.out.close();
    transport::for_each_unread(way.ends.host, [](const envelope&) {});
  }
}

TEST_CASE("what the peer has read is not listed as unread") {
  one_way way;
  for (uint64_t i = 0; i < 5; ++i)
    REQUIRE(way.send(1, 2, i, 40) == outcome::accepted);
  incoming record;
  for (auto i = 0; i < 2; ++i)
    REQUIRE(way.in.next(record) == transport::inbox::outcome::record);
  (void) way.in.publish_consumed();
  way.out.close();
  std::vector<uint64_t> unread;
  transport::for_each_unread(way.ends.host, [&](const envelope& head) { unread.push_back(head.word); });
  CHECK(unread == std::vector<uint64_t>{2, 3, 4});
}
