// Records of which only the newest counts. Would catch: a queue of them that grows, an old one that arrives last, one that
// overtakes or is overtaken by what its source sends.
#include "unit/transport/one_way.hpp"

#include <random>

using namespace one_way_edge;

namespace {

struct arrived_record {
  record_kind kind;
  uint64_t word;
  caf::byte_buffer body;
};

struct newest_way : one_way {
  using one_way::one_way;

  // `number` stands in each octet, so that a mixture shows.
  send_outcome leave(uint8_t number, size_t bytes) {
    return out.send_newest(record_kind::snapshot, {0, 2, 7, 0, 1},
                           caf::byte_buffer(bytes, static_cast<caf::byte>(number)));
  }

  send_outcome say(uint64_t word, uint64_t target = 1, size_t bytes = 40) {
    return out.send(record_kind::message, 0, {target, 2, word, 0, 1}, caf::byte_buffer(bytes));
  }

  std::vector<arrived_record> read_contents() {
    std::vector<arrived_record> result;
    for (;;) {
      out.pump();
      incoming record;
      auto found = false;
      while (in.next(record) == transport::inbox::outcome::record) {
        auto first = reinterpret_cast<const caf::byte*>(record.body.data());
        result.push_back({record.kind, record.head.word, {first, first + record.body.size()}});
        found = true;
      }
      (void) in.publish_consumed();
      if (!found && !out.has_waiting())
        return result;
    }
  }
};

std::vector<int> numbers_of(const std::vector<arrived_record>& all) {
  std::vector<int> result;
  for (auto& x : all)
    if (x.kind == record_kind::snapshot)
      result.push_back(x.body.empty() ? -1 : static_cast<int>(x.body.front()));
  return result;
}

} // namespace

TEST_CASE("a newest record goes at once while there is room, and each one arrives") {
  newest_way way;
  for (uint8_t i = 1; i <= 5; ++i)
    CHECK(way.leave(i, 100) == send_outcome::accepted);
  CHECK_FALSE(way.out.has_waiting());
  CHECK(numbers_of(way.read_contents()) == std::vector{1, 2, 3, 4, 5});
}

TEST_CASE("while it waits in its process only the newest is kept, in the place of the first one that waits") {
  newest_way way;
  while (!way.out.has_waiting())
    REQUIRE(way.say(0) == send_outcome::accepted);
  REQUIRE(way.say(1) == send_outcome::accepted);
  for (uint8_t i = 1; i <= 200; ++i)
    REQUIRE(way.leave(i, 100) == send_outcome::accepted);
  REQUIRE(way.say(2) == send_outcome::accepted);
  REQUIRE(way.leave(201, 50) == send_outcome::accepted);
  auto all = way.read_contents();
  REQUIRE(all.size() >= 3);
  CHECK(all[all.size() - 3].word == 1);
  CHECK(all[all.size() - 2].kind == record_kind::snapshot);
  CHECK(all[all.size() - 2].body == caf::byte_buffer(50, caf::byte{201}));
  CHECK(all.back().word == 2);
  CHECK(numbers_of(all).size() == 1);
  CHECK(way.in.completed().data == all.size());
}

TEST_CASE(
  "of newest records in pieces the one that has begun to leave stays whole, and only the last of the others follows") {
  newest_way way;
  for (uint8_t i = 1; i <= 100; ++i)
    REQUIRE(way.leave(i, 30'000 + i) == send_outcome::accepted);
  auto all = way.read_contents();
  REQUIRE(all.size() == 2);
  CHECK(all[0].body == caf::byte_buffer(30'001, caf::byte{1}));
  CHECK(all[1].body == caf::byte_buffer(30'100, caf::byte{100}));
}

TEST_CASE("what a source sends follows its newest record in pieces, and what it sent in pieces comes before") {
  newest_way way;
  REQUIRE(way.say(1, 1, 20'000) == send_outcome::accepted);
  REQUIRE(way.say(2, 3, 25'000) == send_outcome::accepted);
  REQUIRE(way.leave(1, 30'000) == send_outcome::accepted);
  for (uint64_t target : {1, 3, 4})
    REQUIRE(way.say(10 + target, target) == send_outcome::accepted);
  REQUIRE(way.out.send(record_kind::message, 0, {1, 9, 99, 0, 1}, caf::byte_buffer(10)) == send_outcome::accepted);
  std::vector<uint64_t> words;
  for (auto& x : way.read_contents())
    words.push_back(x.word);
  CHECK(words == std::vector<uint64_t>{99, 1, 2, 7, 11, 13, 14});
}

TEST_CASE("a newest record that is too large is refused, and the one that waits stays") {
  newest_way way{{.message_bytes_max = 10'000}};
  while (!way.out.has_waiting())
    REQUIRE(way.say(0) == send_outcome::accepted);
  CHECK(way.leave(1, 10'000) == send_outcome::accepted);
  CHECK(way.leave(2, 10'001) == send_outcome::too_large);
  CHECK(numbers_of(way.read_contents()) == std::vector{1});
  way.out.close();
  CHECK(way.leave(3, 1) == send_outcome::closed);
}

TEST_CASE("any mix of newest records and messages arrives whole and in order, and the last one comes") {
  std::minstd_rand random{11};
  for (auto round = 0; round < 50; ++round) {
    newest_way way;
    std::vector<arrived_record> all;
    uint8_t last = 0;
    uint64_t sent = 0;
    for (auto i = 0; i < 200; ++i) {
      if (random() % 2 == 0)
        REQUIRE(way.leave(++last, random() % 5 == 0 ? 1 + random() % 9000 : 1 + random() % 300)
                == send_outcome::accepted);
      else
        REQUIRE(way.say(++sent, 1, random() % 300) == send_outcome::accepted);
      if (random() % 40 == 0)
        for (auto& x : way.read_contents())
          all.push_back(x);
    }
    for (auto& x : way.read_contents())
      all.push_back(x);
    auto good = true;
    auto previous = 0;
    uint64_t told = 0;
    for (auto& x : all) {
      if (x.kind == record_kind::message) {
        good = good && x.word == ++told;
        continue;
      }
      auto number = static_cast<int>(x.body.front());
      good = good && number > previous && x.body == caf::byte_buffer(x.body.size(), x.body.front());
      previous = number;
    }
    CHECK(good);
    CHECK(previous == last);
    CHECK(told == sent);
    CHECK(way.in.completed().data == all.size());
  }
}
