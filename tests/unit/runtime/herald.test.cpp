// Catches a change that nobody is told of, and requests that add up although nobody waits for their answer any more.
#include <catch2/catch.hpp>

#include "support/fixture.hpp"

#include <bulkhead/runtime/herald.hpp>

#include <caf/all.hpp>

#include <atomic>
#include <memory>

using bulkhead::runtime::herald;
using test_support::patience;

namespace {

struct source {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  std::shared_ptr<std::atomic<uint64_t>> version = std::make_shared<std::atomic<uint64_t>>(1);
  std::unique_ptr<herald> teller = std::make_unique<herald>(sys, [version = version] { return version->load(); });

  auto wait(uint64_t seen) {
    return self->request(teller->actor(), patience, caf::wait_for_atom_v, seen);
  }
};

template <class Waiting>
uint64_t answer_of(Waiting waiting) {
  uint64_t result = 0;
  waiting.receive([&](uint64_t now) { result = now; }, [](const caf::error& why) { FAIL(to_string(why)); });
  return result;
}

template <class Waiting>
caf::error failure_of(Waiting waiting) {
  caf::error result;
  waiting.receive([](uint64_t) { FAIL("answered"); }, [&](caf::error& why) { result = std::move(why); });
  return result;
}

} // namespace

TEST_CASE("a herald answers at once what was not seen, also a version that never was") {
  source s;
  CHECK(answer_of(s.wait(0)) == 1);
  CHECK(answer_of(s.wait(77)) == 1);
}

TEST_CASE("a herald tells all who wait of one change") {
  source s;
  for (uint64_t round = 1; round < 200; ++round) {
    auto first = s.wait(round);
    auto second = s.wait(round);
    s.version->store(round + 1);
    s.teller->changed();
    CHECK(answer_of(std::move(first)) == round + 1);
    CHECK(answer_of(std::move(second)) == round + 1);
  }
}

TEST_CASE("whoever waits longest is turned away when too many wait, and the others are told") {
  source s;
  auto oldest = s.wait(1);
  auto second = s.wait(1);
  for (size_t i = 0; i < herald::waiters_max - 1; ++i)
    s.self->request(s.teller->actor(), caf::infinite, caf::wait_for_atom_v, uint64_t{1});
  CHECK(failure_of(std::move(oldest)) == bulkhead::errc::mailbox_full);
  s.version->store(2);
  s.teller->changed();
  CHECK(answer_of(std::move(second)) == 2);
}

TEST_CASE("the end of a herald is told to all who wait") {
  source s;
  auto first = s.wait(1);
  auto second = s.wait(1);
  s.teller.reset();
  CHECK(failure_of(std::move(first)) == caf::sec::request_receiver_down);
  CHECK(failure_of(std::move(second)) == caf::sec::request_receiver_down);
}
