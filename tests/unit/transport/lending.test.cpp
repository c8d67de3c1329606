#include "unit/transport/lending.hpp"

#include "bulkhead/platform/this_process.hpp"

#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace lending;

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

TEST_CASE("chunks come and go a thousand times, lent, refused or never used, and nothing is left on either side") {
  ends e;
  auto before = bulkhead::platform::open_descriptors();
  for (int i = 0; i < 1'000; ++i) {
    auto room = e.lent.allocate(10'000);
    REQUIRE(room);
    room.reset();
    {
      outgoing_attachments refused{e.lent};
      REQUIRE(refused.lend(filled(20'000, 1)));
    }
    if (i % 2 == 0)
      REQUIRE(e.send(filled(30'000, i)) == filled(30'000, i));
    for (auto chunk : e.lent.trim(UINT64_MAX))
      e.borrowed.forget(chunk);
    REQUIRE(e.lent.reserved_bytes() == 0);
  }
  CHECK(e.borrowed.complaint().empty());
  CHECK(bulkhead::platform::open_descriptors() == before);
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
