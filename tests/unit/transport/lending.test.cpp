// One direction of payloads, with both ends in this process.

#include <catch2/catch.hpp>

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/platform/socket_pair.hpp"
#include "bulkhead/transport/borrower.hpp"
#include "bulkhead/transport/fd.hpp"
#include "bulkhead/transport/lender.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>

using namespace bulkhead::transport;
using bulkhead::bytes;

namespace {

struct returns final : loan_returns {
  explicit returns(lender& to) : to_(to) {}
  void return_loan(uint64_t loan) override { good = to_.give_back(loan) && good; }
  lender& to_;
  bool good = true;
};

struct ends {
  explicit ends(lender::options how = {})
    : sockets(bulkhead::platform::socket_pair::create().value()),
      out(std::move(sockets.ours)),
      in(std::move(sockets.theirs)),
      lent(out, how, [this] { ++idle; }),
      back(std::make_shared<returns>(lent)),
      borrowed(in, how.bytes_max) {}

  ~ends() { CHECK(back->good); }

  // As a record carries it.
  caf::byte_buffer pack(outgoing_attachments& beside) {
    caf::byte_buffer body(7, caf::byte{1});
    beside.append_to(body);
    return body;
  }

  borrower::outcome open(const caf::byte_buffer& body, incoming_attachments& beside) {
    auto view = std::as_bytes(std::span{body});
    auto result = borrowed.open(view, back, beside);
    if (result == borrower::outcome::opened)
      CHECK(view.size() == 7);
    return result;
  }

  bytes send(const bytes& what) {
    outgoing_attachments beside{lent};
    REQUIRE(beside.lend(what) == 0u);
    beside.depart();
    incoming_attachments arrived;
    REQUIRE(open(pack(beside), arrived) == borrower::outcome::opened);
    bytes result;
    REQUIRE(arrived.take(uint64_t{0}, result));
    CHECK_FALSE(arrived.take(uint64_t{1}, result));
    return result;
  }

  int idle = 0;
  bulkhead::platform::socket_pair sockets;
  descriptor_channel out;
  descriptor_channel in;
  lender lent;
  std::shared_ptr<returns> back;
  borrower borrowed;
};

bytes filled(size_t size, int value) {
  return bytes{caf::byte_buffer(size, static_cast<caf::byte>(value))};
}

bytes built(lender& in, size_t size, int value) {
  auto block = in.allocate(size);
  REQUIRE(block);
  std::fill_n(block->first(), size, static_cast<std::byte>(value));
  auto content = std::span<const std::byte>{block->first(), size};
  return bytes{std::move(block), content};
}

} // namespace

TEST_CASE("a payload is read in place, and comes back with its last copy") {
  ends e;
  auto original = built(e.lent, 100'000, 7);
  {
    auto arrived = e.send(original);
    CHECK(arrived == original);
    CHECK(arrived.data() != original.data()); // another mapping
    CHECK(e.lent.open_loans() == 1);
    auto part = arrived.slice(5, 10);
    arrived = {};
    CHECK(e.lent.open_loans() == 1);
    CHECK(part.view() == std::string(10, 7));
  }
  CHECK(e.lent.open_loans() == 0);
  CHECK(e.idle == 0);
  original = {};
  CHECK(e.idle == 1);
}

TEST_CASE("what was built elsewhere is copied once, and slices and repetitions are lent as they are") {
  ends e;
  {
    auto arrived = e.send(filled(10'000, 3));
    CHECK(arrived == filled(10'000, 3));
  }
  CHECK(e.idle == 1);
  auto own = built(e.lent, 50'000, 9);
  auto first = e.send(own);
  auto second = e.send(own.slice(10'000, 20'000));
  CHECK(second.data() == first.data() + 10'000);
  CHECK(second.size() == 20'000);
  CHECK(e.lent.open_loans() == 2);
}

TEST_CASE("a payload outlives both ends") {
  bytes arrived, own;
  {
    ends e;
    own = built(e.lent, 10'000, 1);
    arrived = e.send(own);
    e.lent.close();
    CHECK(e.lent.open_loans() == 0);
    CHECK_FALSE(e.lent.allocate(10'000));
    e.back.reset();
    e.back = std::make_shared<returns>(e.lent);
  }
  CHECK(arrived == own);
}

TEST_CASE("a record that does not leave takes its loans back") {
  ends e;
  {
    outgoing_attachments beside{e.lent};
    REQUIRE(beside.lend(filled(10'000, 1)) == 0u);
    REQUIRE(beside.lend(filled(20'000, 1)) == 1u);
    REQUIRE(beside.add(bulkhead::fd::duplicate_of(0).value()) == 0);
    (void) e.pack(beside);
    CHECK(e.lent.open_loans() == 3);
  }
  CHECK(e.lent.open_loans() == 0);
}

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

TEST_CASE("memory goes back to the system after a burst, and comes again") {
  ends e;
  {
    std::vector<bytes> burst;
    for (int i = 0; i < 20; ++i)
      burst.push_back(e.send(filled(size_t{2} << 20, i)));
    CHECK(e.lent.reserved_bytes() >= uint64_t{40} << 20);
  }
  CHECK(e.lent.has_idle());
  CHECK(e.lent.trim(0).empty()); // nothing has been idle for so long
  auto gone = e.lent.trim(UINT64_MAX);
  CHECK_FALSE(gone.empty());
  CHECK(e.lent.reserved_bytes() == 0);
  CHECK_FALSE(e.lent.has_idle());
  for (auto chunk : gone)
    e.borrowed.forget(chunk);
  CHECK(e.send(filled(100'000, 1)) == filled(100'000, 1));
}

TEST_CASE("empty chunks make room for a payload that does not fit into any") {
  ends e{{uint64_t{20} << 20, payload_fallback::copy}};
  for (int i = 0; i < 10; ++i) {
    CHECK(e.lent.allocate(size_t{19} << 20));
    CHECK(e.lent.allocate(size_t{15} << 20));
  }
  CHECK(e.lent.reserved_bytes() <= (uint64_t{20} << 20) + 8192);
  CHECK_FALSE(e.lent.trim(UINT64_MAX).empty());
}

TEST_CASE("descriptors arrive with their record, are counted while they are under way, and are never lost") {
  ends e;
  auto null = bulkhead::fd::adopt(::open("/dev/null", O_RDWR | O_CLOEXEC));
  auto send = [&](size_t count, outgoing_attachments& beside) {
    for (size_t i = 0; i < count; ++i)
      CHECK(beside.add(null) == static_cast<int32_t>(i));
    auto body = e.pack(beside);
    if (!beside.send_descriptors())
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
  REQUIRE(beside.send_descriptors());
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
TEST_CASE("threads build, lend and return payloads at once, and all memory is free afterwards") {
  ends e{{uint64_t{64} << 20, payload_fallback::copy}};
  auto work = [&](unsigned seed) {
    std::minstd_rand random{seed};
    std::vector<std::pair<uint64_t, bytes>> kept;
    for (int i = 0; i < 2'000; ++i) {
      auto size = 4096 + random() % 200'000;
      auto mark = static_cast<std::byte>(seed);
      auto block = e.lent.allocate(size);
      if (block) {
        std::fill_n(block->first(), size, mark);
        auto content = std::span<const std::byte>{block->first(), size};
        bytes payload{std::move(block), content};
        if (auto reference = e.lent.lend(payload))
          kept.emplace_back(reference->loan, payload);
      }
      if (kept.size() > 20 || !block) {
        for (auto& [loan, payload] : kept)
          if (payload.span().front() != mark || payload.span().back() != mark || !e.lent.give_back(loan))
            return false;
        kept.clear();
      }
    }
    for (auto& x : kept)
      if (!e.lent.give_back(x.first))
        return false;
    return true;
  };
  bool good[2] = {};
  std::thread first{[&] { good[0] = work(1); }};
  std::thread second{[&] { good[1] = work(2); }};
  first.join();
  second.join();
  CHECK(good[0]);
  CHECK(good[1]);
  CHECK(e.lent.open_loans() == 0);
  (void) e.lent.trim(UINT64_MAX);
  CHECK(e.lent.reserved_bytes() == 0);
}
