// Memory and descriptors that run out, and what a peer may not send.

#include "support/stage.hpp"
#include "unit/transport/lending.hpp"

#include "bulkhead/platform/memory_file.hpp"

#include <cstring>
#include <set>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>

using namespace lending;

TEST_CASE("small payloads are not lent, and a full arena falls back or refuses as it was told") {
  auto how = GENERATE(payload_fallback::copy, payload_fallback::fail);
  ends e{{100'000, how}};
  outgoing_attachments beside{e.lent};
  CHECK_FALSE(beside.lend(filled(lender::payload_bytes_min - 1, 1)));
  CHECK_FALSE(beside.refused());
  CHECK_FALSE(beside.lend(filled(100'001, 1)));
  CHECK(beside.refused() == (how == payload_fallback::fail));
  CHECK(beside.lend(filled(90'000, 1)));
  CHECK_FALSE(beside.lend(filled(90'000, 1)));
  CHECK(beside.refused() == (how == payload_fallback::fail));
}

TEST_CASE("more memory than the machine has is an answer") {
  ends e{{uint64_t{1} << 46, payload_fallback::copy}};
  CHECK_FALSE(e.lent.allocate(size_t{1} << 45));
  CHECK_FALSE(e.lent.allocate(SIZE_MAX));
  CHECK(e.lent.allocate(10'000));
}

TEST_CASE("empty chunks make room for a payload that does not fit into any") {
  ends e{{uint64_t{20} << 20, payload_fallback::copy}};
  for (int i = 0; i < 10; ++i) {
    CHECK(e.lent.allocate(size_t{19} << 20));
    CHECK(e.lent.allocate(size_t{15} << 20));
  }
  CHECK(e.lent.reserved_bytes() <= (uint64_t{20} << 20) + 8192);
  CHECK(e.lent.trim(UINT64_MAX).empty()); // the peer has never heard of them
  CHECK(e.lent.reserved_bytes() == 0);
}

TEST_CASE("a chunk that is announced twice, and descriptors beyond the limit, condemn the peer") {
  auto corrupt = [](ends& e, attachments_trailer tail, payload_reference at) {
    caf::byte_buffer body(sizeof(at) + sizeof(tail));
    std::memcpy(body.data(), &at, sizeof(at));
    std::memcpy(body.data() + sizeof(at), &tail, sizeof(tail));
    incoming_attachments arrived;
    REQUIRE(e.open(body, arrived) == borrower::outcome::corrupt);
    return e.borrowed.complaint();
  };
  {
    ends e;
    auto file = bulkhead::platform::memory_file::create("twice", 4096).value();
    REQUIRE(file.forbid_new_writers().has_value());
    REQUIRE(e.out.send_chunk(1, file));
    REQUIRE(e.out.send_chunk(1, file));
    CHECK(corrupt(e, {0, 1, 0}, {1, 2, 0, 10}) == "a chunk is announced twice");
  }
  {
    ends e;
    std::vector<bulkhead::fd> some(20, bulkhead::fd::duplicate_of(0).value());
    for (uint64_t packet = 1; packet <= 4; ++packet)
      REQUIRE(e.out.send(packet, some));
    CHECK(corrupt(e, {99, 0, 20}, {}) == "too many descriptors are under way");
  }
}

TEST_CASE("a chunk that finds no descriptor left fails the messages in it, until it is given up") {
  if (test_support::sanitized)
    return; // UBSan needs descriptors itself, to look whether memory can be read
  ends e;
  rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &old) == 0);
  auto kept = built(e.lent, 10'000, 1);
  auto send = [&] {
    outgoing_attachments beside{e.lent};
    REQUIRE(beside.lend(kept));
    beside.depart();
    return e.pack(beside);
  };
  auto first = send();
  auto second = send();
  auto none = old;
  none.rlim_cur = 0;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  incoming_attachments got_first, got_second;
  auto result = e.open(first, got_first);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &old) == 0);
  CHECK(result == borrower::outcome::no_room);
  CHECK(e.open(second, got_second) == borrower::outcome::no_room);
  CHECK(e.lent.open_loans() == 0);
  kept = {};
  for (auto chunk : e.lent.trim(UINT64_MAX))
    e.borrowed.forget(chunk);
  CHECK(e.send(filled(10'000, 2)) == filled(10'000, 2));
}

TEST_CASE("descriptors arrive with their record, are counted while they are under way, and are never lost") {
  ends e;
  auto null = bulkhead::fd::adopt(::open("/dev/null", O_RDWR | O_CLOEXEC));
  auto send = [&](size_t count, outgoing_attachments& beside) {
    for (size_t i = 0; i < count; ++i)
      CHECK(beside.add(null) == static_cast<int32_t>(i));
    auto body = e.pack(beside);
    if (beside.packet()->send() != descriptor_packet::outcome::sent)
      return caf::byte_buffer{};
    beside.depart();
    return body;
  };
  outgoing_attachments a{e.lent}, b{e.lent}, c{e.lent};
  auto first = send(40, a);
  auto second = send(24, b);
  REQUIRE_FALSE(first.empty());
  REQUIRE_FALSE(second.empty());
  {
    outgoing_attachments one_more{e.lent};
    CHECK(send(1, one_more).empty());
  }
  incoming_attachments got_second, got_first;
  REQUIRE(e.open(second, got_second) == borrower::outcome::opened); // pieces may overtake each other
  REQUIRE(e.open(first, got_first) == borrower::outcome::opened);
  CHECK(got_first.descriptors.size() == 40);
  CHECK(got_second.descriptors.size() == 24);
  std::set<int> numbers;
  for (auto& x : got_first.descriptors)
    numbers.insert(x.number());
  CHECK(numbers.size() == 40);
  CHECK(e.lent.open_loans() == 0);
  CHECK_FALSE(send(64, c).empty());
}

TEST_CASE("who has no descriptor left loses the message that needs one, and nothing else") {
  ends e;
  auto null = bulkhead::fd::adopt(::open("/dev/null", O_RDWR | O_CLOEXEC));
  outgoing_attachments beside{e.lent};
  for (int i = 0; i < 8; ++i)
    (void) beside.add(null);
  auto body = e.pack(beside);
  REQUIRE(beside.packet()->send() == descriptor_packet::outcome::sent);
  beside.depart();
  rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &old) == 0);
  auto few = old;
  few.rlim_cur = static_cast<rlim_t>(bulkhead::fd::duplicate_of(0)->number()) + 3;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  incoming_attachments got;
  auto result = e.open(body, got);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &old) == 0);
  CHECK(result == borrower::outcome::no_room);
  CHECK(e.lent.open_loans() == 0);
  CHECK(e.send(filled(10'000, 1)) == filled(10'000, 1));
}

// Catches books that are kept without their mutex, and blocks that are handed out twice.
