// Records with descriptors when more of those are wanted than may be under way. Catches a record that is lost or overtaken then, and room
// that nobody uses.
#include "unit/transport/lending.hpp"
#include "unit/transport/one_way.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace descriptor_room {

using namespace lending;
using one_way_edge::one_way;

namespace {

struct with_packet final : outbox::acceptance {
  bool accepted(const record_counts&) override {
    return true;
  }
  std::shared_ptr<descriptor_packet> packet() const override {
    return sent_first;
  }
  std::shared_ptr<descriptor_packet> sent_first;
};

/// An edge whose records bring descriptors.
struct whole_edge {
  outbox::outcome send(uint64_t target, uint64_t word, size_t descriptors, size_t bytes = 0, bool urgent = false) {
    outgoing_attachments beside{descriptors_of.lent};
    for (size_t i = 0; i < descriptors; ++i)
      (void) beside.add(null);
    caf::byte_buffer body(bytes);
    if (descriptors > 0)
      beside.append_to(body);
    with_packet told;
    told.sent_first = beside.packet();
    beside.depart();
    envelope head{target, 1, word, 1, 0};
    return urgent ? records.out.send_urgent(0, head, std::move(body), &told)
                  : records.out.send(record_kind::message, 0, head, std::move(body), &told);
  }

  // What can be read now, and is taken. Returns the words of the records.
  std::vector<uint64_t> read_some() {
    std::vector<uint64_t> result;
    incoming record;
    while (records.in.next(record) == inbox::outcome::record) {
      result.push_back(record.head.word);
      if (record.body.size() < sizeof(attachments_trailer))
        continue;
      incoming_attachments arrived;
      auto body = record.body;
      CHECK(descriptors_of.borrowed.open(body, descriptors_of.back, arrived) == borrower::outcome::opened);
      taken += arrived.descriptors.size();
    }
    (void) records.in.publish_consumed();
    return result;
  }

  // As both loops would, until nothing comes any more.
  std::vector<uint64_t> read_all() {
    std::vector<uint64_t> result;
    for (;;) {
      auto some = read_some();
      records.out.descriptors_taken();
      records.out.pump();
      if (some.empty() && !records.out.has_waiting())
        return result;
      result.insert(result.end(), some.begin(), some.end());
    }
  }

  ends descriptors_of;
  one_way records;
  bulkhead::fd null = bulkhead::fd::adopt(::open("/dev/null", O_RDWR | O_CLOEXEC));
  size_t taken = 0;
};

} // namespace

TEST_CASE("records whose descriptors have no room wait, and so does all that was sent after them") {
  whole_edge e;
  constexpr uint64_t count = 500;
  for (uint64_t i = 0; i < count; ++i)
    REQUIRE(e.send(7 + i % 3, i, i % 4 == 3 ? 0 : i % 64 + 1) == outbox::outcome::accepted);
  CHECK(e.records.out.has_waiting());
  auto words = e.read_all();
  REQUIRE(words.size() == count);
  for (uint64_t i = 0; i < count; ++i)
    CHECK(words[i] == i);
  CHECK(e.descriptors_of.lent.open_loans() == 0);
}

TEST_CASE("the room that the peer makes is used at once, without its ringing") {
  whole_edge e;
  for (uint64_t i = 0; i < 3; ++i)
    REQUIRE(e.send(7, i, 64) == outbox::outcome::accepted);
  for (uint64_t i = 0; i < 3; ++i) {
    CHECK(e.read_some() == std::vector{i});
    e.records.out.descriptors_taken();
  }
  CHECK(e.taken == 3 * 64);
  CHECK_FALSE(e.records.out.has_waiting());
}

TEST_CASE("records that go in pieces do not hold up others that wait for descriptors, nor these them") {
  whole_edge e;
  constexpr uint64_t count = 40;
  for (uint64_t i = 0; i < count; ++i)
    REQUIRE(e.send(i % 2, i, i % 3 == 0 ? 0 : 40, i % 5 == 0 ? 10'000 : 0) == outbox::outcome::accepted);
  auto words = e.read_all();
  CHECK(words.size() == count);
  for (uint64_t target : {0, 1}) {
    std::vector<uint64_t> own;
    std::copy_if(words.begin(), words.end(), std::back_inserter(own), [&](auto x) { return x % 2 == target; });
    CHECK(std::is_sorted(own.begin(), own.end()));
  }
  CHECK(e.descriptors_of.lent.open_loans() == 0);
}

TEST_CASE("an urgent record whose descriptors have no room goes with the data, and control records pass it") {
  whole_edge e;
  REQUIRE(e.send(7, 1, 64) == outbox::outcome::accepted);
  REQUIRE(e.send(7, 2, 1, 0, true) == outbox::outcome::accepted);
  REQUIRE(e.records.out.send_control(record_kind::exit, {7, 1, 3, 1, 0}, {}) == outbox::outcome::accepted);
  CHECK(e.read_all() == std::vector<uint64_t>{3, 1, 2});
  CHECK(e.taken == 65);
}

TEST_CASE("descriptors that wait when an edge is closed are closed with it") {
  whole_edge e;
  REQUIRE(e.send(7, 1, 64) == outbox::outcome::accepted);
  REQUIRE(e.send(7, 2, 64) == outbox::outcome::accepted);
  CHECK(e.descriptors_of.lent.open_loans() == 2);
  e.records.out.close();
  e.records.out.drop_waiting();
  CHECK(e.descriptors_of.lent.open_loans() == 1); // in the socket
}

TEST_CASE(
  "a peer that has gone is no lack of room: what is sent to it is as lost as all else, and that is told by its end") {
  auto sockets = bulkhead::platform::socket_pair::create().value();
  descriptor_channel out{std::move(sockets.ours)};
  sockets.theirs = {};
  lender lent{out, {}, [] {}};
  outgoing_attachments beside{lent};
  (void) beside.add(bulkhead::fd::adopt(::open("/dev/null", O_RDWR | O_CLOEXEC)));
  CHECK(beside.lend(built(lent, 10'000, 1)).has_value());
  caf::byte_buffer body;
  beside.append_to(body);
  CHECK(beside.packet()->send() == descriptor_packet::outcome::sent);
}

TEST_CASE("descriptors that cannot be sent are told apart from those that have no room") {
  ends e;
  auto closed = bulkhead::fd::adopt(::open("/dev/null", O_RDWR | O_CLOEXEC));
  REQUIRE(::close(closed.number()) == 0);
  outgoing_attachments beside{e.lent};
  (void) beside.add(closed);
  caf::byte_buffer body;
  beside.append_to(body);
  CHECK(beside.packet()->send() == descriptor_packet::outcome::failed);
  CHECK(beside.packet()->complaint().find("Bad file descriptor") != std::string::npos);
  REQUIRE(::open("/dev/null", O_RDWR | O_CLOEXEC) == closed.number()); // so that its owner closes what is its own
}

} // namespace descriptor_room
