// Catches messages that are lost, handled twice or overtaken when a process dies at any moment, and what is left behind then.
#include "supervised_actors.hpp"

#include "support/stage.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <mutex>
#include <numeric>
#include <string>

using namespace crash;
using namespace bulkhead;
using test_support::ask;
using test_support::eventually;
using test_support::host_fixture;

namespace {

constexpr int32_t senders = 6;
constexpr int32_t window = 16;

struct tally {
  std::atomic<bool> stop = false;
  std::atomic<int32_t> asked = 0;
  std::atomic<int32_t> answered = 0;
  std::atomic<int32_t> failed = 0;
  std::atomic<int32_t> wrong = 0;
  std::atomic<int32_t> sent = 0;
  std::mutex mutex;
  /// What no sender should have seen.
  std::string complaints;
};

/// Sends numbered messages by turns with and without an answer, some of them always under way.
struct sender_state {
  int32_t next = 0;
};

void send_more(caf::stateful_actor<sender_state>* self, const caf::actor& clerk, int32_t id,
               const std::shared_ptr<tally>& sum) {
  if (sum->stop)
    return;
  self->send(clerk, caf::add_atom_v, id, self->state.next++);
  ++sum->sent;
  auto number = self->state.next++;
  ++sum->asked;
  self->request(clerk, caf::infinite, caf::put_atom_v, id, number)
    .then(
      [=](int32_t back) {
        ++sum->answered;
        sum->wrong += back != number ? 1 : 0;
        send_more(self, clerk, id, sum);
      },
      [=](const caf::error& why) {
        ++sum->failed;
        auto death = death_of(why);
        if (!death || !death->in_doubt) {
          ++sum->wrong;
          std::lock_guard guard{sum->mutex};
          sum->complaints += to_string(why) + '\n';
        }
        send_more(self, clerk, id, sum);
      });
}

caf::behavior sender(caf::stateful_actor<sender_state>* self, const caf::actor& clerk, int32_t id,
                     const std::shared_ptr<tally>& sum) {
  for (int32_t i = 0; i < window; ++i)
    send_more(self, clerk, id, sum);
  return {[](caf::ok_atom) {}};
}

struct result {
  std::shared_ptr<tally> sum = std::make_shared<tally>();
  std::map<int32_t, std::vector<int32_t>> entries;
  int32_t kills = 0;
  uint64_t dropped = 0;
};

result kill_under_load(in_doubt policy) {
  result found;
  leftovers before;
  {
    host_fixture here;
    diary book;
    auto options = supervised(policy);
    options.restart.poison_after = 100;
    auto clerk = spawn_clerk(here, options, book);
    std::vector<caf::actor> all;
    for (int32_t id = 0; id < senders; ++id)
      all.push_back(here.sys.spawn(sender, clerk, id, found.sum));
    caf::scoped_actor self{here.sys};
    auto kills = test_support::sanitized ? 15 : 40;
    for (; found.kills < kills; ++found.kills) {
      auto pid = ask<int32_t>(self, clerk, caf::get_atom_v);
      if (pid)
        ::kill(*pid, SIGKILL);
    }
    found.sum->stop = true;
    CHECK(eventually([&] { return found.sum->answered + found.sum->failed == found.sum->asked; }));
    // Behind all that was sent before.
    CHECK(ask<int32_t>(self, clerk, caf::put_atom_v, senders, int32_t{0}));
    found.entries = book.entries();
    found.dropped = here.host.dropped_messages();
  }
  before.check();
  return found;
}

} // namespace

TEST_CASE(
  "when workers are killed at any moment, only what was in doubt fails, and all else is handled once and in order") {
  auto found = kill_under_load(in_doubt::fail);
  auto& sum = *found.sum;
  INFO(sum.complaints);
  CHECK(sum.wrong == 0);
  CHECK(static_cast<uint64_t>(sum.failed) + found.dropped <= static_cast<uint64_t>(found.kills));
  int32_t written = 0;
  for (int32_t id = 0; id < senders; ++id) {
    auto& numbers = found.entries[id];
    written += static_cast<int32_t>(numbers.size());
    CHECK(std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>{}) == numbers.end());
  }
  CHECK(written <= sum.sent + sum.asked);
  CHECK(written + found.kills >= sum.sent + sum.asked);
  CHECK(sum.answered > found.kills);
}

TEST_CASE(
  "when workers are killed at any moment and what is in doubt is tried again, nothing fails and nothing is missing") {
  auto found = kill_under_load(in_doubt::retry);
  auto& sum = *found.sum;
  INFO(sum.complaints);
  CHECK(sum.wrong == 0);
  CHECK(sum.failed == 0);
  CHECK(found.dropped == 0);
  int32_t again = 0;
  for (int32_t id = 0; id < senders; ++id) {
    auto& numbers = found.entries[id];
    CHECK(std::is_sorted(numbers.begin(), numbers.end()));
    auto written = static_cast<int32_t>(numbers.size());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    again += written - static_cast<int32_t>(numbers.size());
    std::vector<int32_t> expected(numbers.size());
    std::iota(expected.begin(), expected.end(), 0);
    CHECK(numbers == expected);
  }
  CHECK(again <= found.kills);
}

TEST_CASE("payloads that wait for a dead worker reach its successor, and none stays lent") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    auto clerk = spawn_clerk(here, supervised(), book);
    caf::scoped_actor self{here.sys};
    for (int round = 0; round < 3; ++round) {
      auto pid = ask<int32_t>(self, clerk, caf::get_atom_v);
      REQUIRE(pid);
      test_support::gate gate;
      self->send(clerk, caf::tick_atom_v, gate.path());
      REQUIRE(book.wait_for(static_cast<size_t>(round) + 1));
      outcomes out;
      std::vector<caf::actor> askers;
      constexpr int32_t size = 300'000;
      for (int i = 0; i < 10; ++i) {
        auto room = bulkhead::allocate(caf::actor_cast<caf::strong_actor_ptr>(clerk), size);
        REQUIRE(room);
        std::fill(room->room().begin(), room->room().end(), std::byte{5});
        askers.push_back(crash::ask(here.sys, clerk, out, 1, caf::make_message(std::move(*room).finish())));
      }
      ::kill(*pid, SIGKILL);
      CHECK(eventually([&] { return out.answers() == 10; }));
      CHECK(out.errors().empty());
    }
    CHECK(eventually([&] { return payloads_of(here.sys).lent == 0; }));
  }
  before.check();
}

TEST_CASE("what another worker sends to a supervised one survives as well") {
  host_fixture here;
  diary book;
  auto options = supervised();
  auto clerk = spawn_clerk(here, options, book);
  auto other = here.host.spawn("passer", clerk);
  REQUIRE(other);
  caf::scoped_actor self{here.sys};
  auto pid = ask<int32_t>(self, clerk, caf::get_atom_v);
  REQUIRE(pid);
  test_support::gate gate;
  self->send(clerk, caf::tick_atom_v, gate.path());
  REQUIRE(book.wait_for(1));
  auto passed = self->request(*other, caf::infinite, int32_t{100});
  ::kill(*pid, SIGKILL);
  passed.receive([](int32_t x) { CHECK(x == 100); }, [](const caf::error& why) { FAIL(to_string(why)); });
  auto numbers = book.entries()[1];
  CHECK(numbers.size() == 100);
  CHECK(std::is_sorted(numbers.begin(), numbers.end()));
}
