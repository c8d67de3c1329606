// Pools: who gets a message, and what becomes of it when a member dies. Catches messages that wait although somebody could take them,
// and those that die with a member that had not begun with them.
#include "pool_actors.hpp"

#include <bulkhead/supervision.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include <signal.h>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;

TEST_CASE("a pool gives its messages to whoever has nothing to do") {
  leftovers before;
  {
    hand_pool x{hands(2, 2)};
    x.hold(1);
    auto free = x.pid();
    for (int i = 0; i < 20; ++i)
      CHECK(x.pid() == free);
    CHECK(x.held.values().empty());
    x.gate.open();
    REQUIRE(x.held.comes_to(1));
    CHECK(x.held.values().front() != free);
    CHECK(x.here.host.live_workers() == 2);
  }
  before.check();
}

TEST_CASE("members take turns") {
  auto options = hands(3, 3);
  options.how = dispatch::round_robin;
  options.prefetch_max = 10; // who has answered has not told yet that it has room again
  hand_pool x{options};
  std::vector<int32_t> pids;
  for (int i = 0; i < 9; ++i)
    pids.push_back(x.pid());
  CHECK(std::set(pids.begin(), pids.end()).size() == 3);
  for (size_t i = 3; i < pids.size(); ++i)
    CHECK(pids[i] == pids[i - 3]);
}

TEST_CASE("messages that no member has room for wait, and no more than may") {
  auto options = hands(1, 1);
  options.waiting_max = 3;
  hand_pool x{options};
  x.hold(1);
  answer_list asked;
  for (int32_t i = 0; i < 3; ++i)
    asked.ask(x.here.sys, x.pool, caf::put_atom_v, int32_t{1}, i);
  REQUIRE(eventually([&] { return x.status().waiting == 3; }));
  CHECK(x.status().longest_wait > 0ns);
  CHECK(x.status().members.front().taken == 1);
  auto refused = ask<int32_t>(x.self, x.pool, caf::get_atom_v);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::mailbox_full);
  x.self->send(x.pool, caf::put_atom_v, int32_t{2}, int32_t{0});
  CHECK(x.here.host.dropped_messages() == 1);
  x.gate.open();
  REQUIRE(asked.comes_to(3));
  CHECK(asked.errors().empty());
  CHECK(x.status().waiting == 0);
}

TEST_CASE("urgent messages go before others that wait in a pool") {
  hand_pool x{hands(1, 1)};
  x.hold(1);
  x.self->send(x.pool, caf::put_atom_v, int32_t{1}, int32_t{1});
  x.self->send(x.pool, caf::put_atom_v, int32_t{1}, int32_t{2});
  x.self->send<caf::message_priority::high>(x.pool, caf::put_atom_v, int32_t{1}, int32_t{3});
  CHECK(x.status().waiting == 3);
  x.gate.open();
  REQUIRE(x.book.wait_for(4));
  CHECK(x.book.entries()[1] == std::vector<int32_t>{3, 1, 2});
}

TEST_CASE("what a member had not begun when it died is handled by the others, at once") {
  leftovers before;
  {
    auto options = hands(2, 2);
    options.prefetch_max = 10;
    // Nobody comes back.
    options.restart.restarts_max = 0;
    hand_pool x{options};
    x.hold(2);
    answer_list asked;
    for (int32_t i = 0; i < 30; ++i)
      asked.ask(x.here.sys, x.pool, caf::put_atom_v, int32_t{1}, i);
    REQUIRE(eventually([&] { return x.status().waiting == 12; }));
    auto victim = x.book.entries()[0].front();
    REQUIRE(::kill(victim, SIGKILL) == 0);
    REQUIRE(x.held.comes_to(1));
    auto lost = death_of(x.held.errors().at(0));
    REQUIRE(lost);
    CHECK(lost->in_doubt);
    CHECK(lost->pid == victim);
    REQUIRE(x.becomes(1));
    x.gate.open();
    REQUIRE(asked.comes_to(30));
    CHECK(asked.errors().empty());
    for (auto pid : asked.values())
      CHECK(pid != victim);
    CHECK(x.book.entries()[1].size() == 30);
    CHECK(x.events.count(supervision_incident::gave_up) == 1);
  }
  before.check();
}

TEST_CASE("a pool whose members die all the time answers each request, with a value or the death of who had begun it") {
  leftovers before;
  {
    auto options = hands(2, 2);
    options.prefetch_max = 4;
    hand_pool x{options};
    answer_list asked;
    constexpr int32_t count = 400;
    for (int32_t i = 0; i < count; ++i) {
      asked.ask(x.here.sys, x.pool, caf::put_atom_v, int32_t{1}, i);
      if (i % 40 == 20)
        x.self->send(x.pool, caf::delete_atom_v);
    }
    REQUIRE(asked.comes_to(count));
    // The handler that dies is another message's: no request fails.
    CHECK(asked.errors().empty());
    auto numbers = x.book.entries()[1];
    CHECK(std::set(numbers.begin(), numbers.end()).size() == count);
    CHECK(numbers.size() == count);
    CHECK(eventually([&] { return x.events.count(supervision_incident::lost) == 10; }));
    CHECK(x.becomes(2));
  }
  before.check();
}

TEST_CASE("a poisonous message kills its own member only") {
  auto options = hands(2, 2);
  options.restart.interrupted = in_doubt::retry;
  options.restart.poison_after = 3;
  hand_pool x{options};
  auto poisoned = ask<void>(x.self, x.pool, caf::delete_atom_v);
  REQUIRE_FALSE(poisoned);
  CHECK(poisoned.error() == errc::poisoned);
  REQUIRE(x.becomes(2));
  REQUIRE(eventually([&] { return x.events.count(supervision_incident::quarantined) == 1; }));
  std::set<uint32_t> slots;
  for (auto& event : x.events.all())
    slots.insert(event.slot);
  CHECK(slots.size() == 1);
  CHECK(x.pid() > 0);
}

TEST_CASE("the members of a pool are recycled one after the other, and nobody waits for it") {
  leftovers before;
  {
    auto options = hands(3, 3);
    options.how = dispatch::by_sender;
    hand_pool x{options};
    auto pids = [&] {
      std::set<int32_t> result;
      for (int i = 0; i < 200 && result.size() < 3; ++i) {
        caf::scoped_actor one{x.here.sys};
        if (auto pid = ask<int32_t>(one, x.pool, caf::get_atom_v))
          result.insert(*pid);
      }
      return result;
    };
    auto first = pids();
    REQUIRE(first.size() == 3);
    CHECK(x.here.host.recycle(x.pool));
    answer_list asked;
    size_t workers_max = 0;
    int32_t count = 0;
    while (x.events.count(supervision_incident::recycled) < 3) {
      asked.ask(x.here.sys, x.pool, caf::put_atom_v, int32_t{1}, ++count);
      REQUIRE(asked.comes_to(static_cast<size_t>(count)));
      workers_max = std::max(workers_max, x.here.host.live_workers());
    }
    CHECK(asked.errors().empty());
    CHECK(workers_max <= 5); // three, a successor, and who has not been reaped yet
    for (auto pid : pids())
      CHECK(first.count(pid) == 0);
    CHECK(x.events.count(supervision_incident::restarted) == 0);
    CHECK(x.here.host.dropped_messages() == 0);
  }
  before.check();
}

namespace {

caf::behavior taker(caf::event_based_actor*, const std::string& path) {
  return {[path](int32_t sender, int32_t number, const bytes&) {
    note_into(path, sender, number);
    return number;
  }};
}

const test_support::known_actor taker_known{heavy<"taker", taker>::add_to};

struct asked {
  int32_t number = 0;
};

} // namespace

// Large payloads keep a message on its way for long, so that members die while it is.
TEST_CASE("what a pool says is not in doubt no member has handled, whenever members are killed") {
  test_support::host_fixture f;
  diary book;
  auto options = hands(2, 2);
  options.prefetch_max = 4;
  auto pool = f.host.pool("taker", options, book.path());
  REQUIRE(pool);
  constexpr int32_t senders = 6, requests = test_support::sanitized ? 100 : 400;
  struct answers {
    std::mutex mutex;
    std::set<std::pair<int32_t, int32_t>> certain;
    std::atomic<size_t> answered = 0;
    std::atomic<int32_t> done = 0;
  };
  auto all = std::make_shared<answers>();
  struct asker {
    static void go(caf::stateful_actor<asked>* self, const caf::actor& to, int32_t sender,
                   const std::shared_ptr<answers>& what) {
      auto number = self->state.number++;
      ++what->answered;
      if (number == requests) {
        ++what->done;
        return;
      }
      auto on_error = [=](const caf::error& reason) {
        auto death = death_of(reason);
        if (!death || !death->in_doubt) {
          std::lock_guard guard{what->mutex};
          what->certain.emplace(sender, number);
        }
        go(self, to, sender, what);
      };
      self->request(to, caf::infinite, sender, number, bytes{caf::byte_buffer(300'000, caf::byte{1})})
        .then([=](int32_t) { go(self, to, sender, what); }, on_error);
    }
  };
  for (int32_t i = 0; i < senders; ++i)
    f.sys.spawn([=](caf::stateful_actor<asked>* self) { asker::go(self, *pool, i, all); });
  // One member for so many answers.
  constexpr size_t per_kill = 20;
  size_t killed = 0;
  CHECK(eventually([&] {
    if (auto members = test_support::children(); all->answered / per_kill > killed && !members.empty())
      ::kill(members[killed++ % members.size()], SIGKILL);
    return all->done == senders;
  }));
  auto handled = book.entries();
  std::lock_guard guard{all->mutex};
  for (auto [sender, number] : all->certain) {
    INFO("request " << number << " of sender " << sender);
    CHECK(std::count(handled[sender].begin(), handled[sender].end(), number) == 0);
  }
  for (auto& [sender, numbers] : handled)
    CHECK(std::set(numbers.begin(), numbers.end()).size() == numbers.size());
}
