#include "unit/transport/one_way.hpp"

#include <map>
#include <random>

using namespace one_way_edge;

TEST_CASE("a record arrives as it was sent") {
  one_way way;
  caf::byte_buffer body{caf::byte{1}, caf::byte{2}, caf::byte{3}};
  CHECK(way.out.send(record_kind::message, 5, {10, 20, 30, 1, 2}, std::move(body)) == send_outcome::accepted);
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
    REQUIRE(way.send(1, 2, i, 40) == send_outcome::accepted);
  CHECK(way.out.has_waiting());
  auto seen = way.read_all();
  REQUIRE(seen.size() == 1000);
  for (uint64_t i = 0; i < seen.size(); ++i)
    CHECK(seen[i].head.word == i);
}

TEST_CASE("each accepted record learns its number in its lane, a refused one learns nothing") {
  one_way way{{.message_bytes_max = 3000}};
  number_log log;
  auto send = [&](size_t bytes) {
    return way.out.send(record_kind::message, 0, {1, 2, 0, 1, 0}, caf::byte_buffer(bytes), &log);
  };
  CHECK(send(10) == send_outcome::accepted);
  CHECK(send(3001) == send_outcome::too_large);
  CHECK(way.out.send_urgent(0, {1, 2, 0, 1, 0}, {}, &log) == send_outcome::accepted);
  CHECK(way.out.send_control(record_kind::exit, {1, 2, 0, 1, 0}, {}) == send_outcome::accepted);
  CHECK(send(2000) == send_outcome::accepted); // in pieces
  CHECK(log.numbers == std::vector<transport::record_counts>{{1, 0}, {1, 1}, {2, 1}});
  for (auto i = 0; i < 20; ++i) // more than the mailbox takes
    CHECK(send(500) == send_outcome::accepted);
  auto sent = log.numbers.back();
  CHECK(sent == transport::record_counts{22, 1});
  (void) way.read_all();
  CHECK(way.in.completed() == sent);
  way.out.close();
  CHECK(send(10) == send_outcome::closed);
  CHECK(log.numbers.back() == sent);
}

TEST_CASE("the size of a record is limited to the byte") {
  one_way way{{.message_bytes_max = 10'000}};
  CHECK(way.send(1, 2, 0, 10'001) == send_outcome::too_large);
  CHECK(way.send(1, 2, 0, 10'000) == send_outcome::accepted);
  auto seen = way.read_all();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].bytes == 10'000);
}

TEST_CASE("the body of a record that goes in pieces is taken over, every other is left alone") {
  one_way way{{.message_bytes_max = 10'000}};
  auto left_after = [&](size_t bytes, send_outcome expected) {
    caf::byte_buffer body(bytes, caf::byte{5});
    CHECK(way.out.send(record_kind::message, 0, {1, 2, bytes, 1, 0}, std::move(body)) == expected);
    return body.size(); // NOLINT: that is the question
  };
  CHECK(left_after(100, send_outcome::accepted) == 100);
  CHECK(left_after(9000, send_outcome::accepted) == 0);
  CHECK(left_after(10'001, send_outcome::too_large) == 10'001);
  CHECK(left_after(200, send_outcome::accepted) == 200);
  auto seen = way.read_all();
  REQUIRE(seen.size() == 3);
  for (auto& x : seen)
    CHECK(x.bytes == x.head.word);
}

TEST_CASE("a large record does not hold up those of other actors, and keeps the order of its own") {
  one_way way;
  REQUIRE(way.send(1, 2, 0, 100'000) == send_outcome::accepted);
  REQUIRE(way.send(1, 2, 1, 10) == send_outcome::accepted);
  REQUIRE(way.send(1, 3, 2, 10) == send_outcome::accepted);
  REQUIRE(way.send(9, 2, 3, 10) == send_outcome::accepted);
  // A notice about the actor itself comes after all that it sent.
  REQUIRE(way.out.send(record_kind::down, 0, {0, 1, 4, 0, 0}, {}) == send_outcome::accepted);
  std::vector<uint64_t> words;
  for (auto& x : way.read_all())
    words.push_back(x.head.word);
  CHECK(words == std::vector<uint64_t>{2, 3, 0, 1, 4});
}

// Would catch: a record that overtakes a stream or what waits of its own pair, one that is lost when a stream ends.
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
      REQUIRE(way.send(source, target, sent[{source, target}]++, bytes) == send_outcome::accepted);
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
  REQUIRE(way.send(1, 2, 1, 100'000) == send_outcome::accepted);
  REQUIRE(way.send(1, 2, 2, 10) == send_outcome::accepted);
  REQUIRE(way.send(1, 3, 3, 10) == send_outcome::accepted); // fits into the mailbox behind the first pieces, or waits
  for (uint64_t i = 4; i < 200; ++i)
    REQUIRE(way.send(8, 9, i, 50) == send_outcome::accepted);
  way.out.close();
  CHECK(way.send(1, 2, 4, 10) == send_outcome::closed);
  CHECK(way.out.send_control(record_kind::stop, {}, {}) == send_outcome::closed);
  std::map<uint64_t, int> listed;
  way.out.for_each_waiting([&](const envelope& head) { ++listed[head.word]; });
  transport::for_each_unread(way.ends.host, [&](const envelope& head) { ++listed[head.word]; });
  CHECK(listed.size() == 199);
  // Of the large one a part waits, and its first piece is unread.
  for (auto& [word, count] : listed)
    CHECK(count == (word == 1 ? 2 : 1));
}

TEST_CASE("a peer with an impossible cursor makes the outbox corrupt, not the process") {
  for (auto lie : {uint64_t{1} << 40, uint64_t{8}}) {
    one_way way;
    for (uint64_t i = 0; i < 10; ++i)
      REQUIRE(way.send(1, 2, i, 40) == send_outcome::accepted);
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
    REQUIRE(way.send(1, 2, i, 40) == send_outcome::accepted);
  incoming record;
  for (auto i = 0; i < 2; ++i)
    REQUIRE(way.in.next(record) == transport::inbox::outcome::record);
  (void) way.in.publish_consumed();
  way.out.close();
  std::vector<uint64_t> unread;
  transport::for_each_unread(way.ends.host, [&](const envelope& head) { unread.push_back(head.word); });
  CHECK(unread == std::vector<uint64_t>{2, 3, 4});
}

TEST_CASE("a message in pieces of which the peer has read nothing is listed as unread") {
  one_way way;
  REQUIRE(way.send(1, 2, 1, 10) == send_outcome::accepted);
  REQUIRE(way.send(1, 3, 2, 1500) == send_outcome::accepted); // three pieces, which all fit
  REQUIRE_FALSE(way.out.has_waiting());
  REQUIRE(way.out.send_urgent(0, {2, 1, 3, 1, 0}, {}) == send_outcome::accepted);
  std::vector<uint64_t> unread;
  auto collect = [&] {
    unread.clear();
    transport::for_each_unread(way.ends.host, [&](const envelope& head) { unread.push_back(head.word); });
    return unread;
  };
  CHECK(collect() == std::vector<uint64_t>{3, 1, 2});
  (void) way.read_all();
  CHECK(collect().empty());
}
