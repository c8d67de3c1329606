#include <catch2/catch.hpp>

#include "support/fixture.hpp"

#include <bulkhead/supervision/ledger.hpp>

#include <caf/all.hpp>

#include <map>
#include <random>

using namespace bulkhead;
using namespace bulkhead::supervision;
using shm::ticket_state;

namespace {

struct books {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  ledger all{100};

  /// Enters message `x`, as a request if `request` is not 0.
  ledger::place enter(int32_t x, uint64_t request = 0, ledger::entrance expected = ledger::entrance::goes) {
    auto mid = request != 0 ? caf::message_id{request}.with_category(1) : caf::make_message_id();
    caf::mailbox_element what{caf::strong_actor_ptr{self->ctrl()}, mid, {}, caf::make_message(x)};
    ledger::place where;
    CHECK(all.enter(what, caf::strong_actor_ptr{self->ctrl()}, where) == expected);
    return where;
  }

  std::vector<int32_t> replay(uint32_t incarnation) {
    std::vector<int32_t> result;
    all.open(incarnation);
    while (auto next = all.next(incarnation))
      result.push_back(next->what->payload.get_as<int32_t>(0));
    return result;
  }
};

ledger::settlement settle(ledger& what, in_doubt policy, std::map<uint64_t, ticket_state> states = {},
                          bool answered = false, uint32_t incarnation = 1) {
  restart_policy rules;
  rules.interrupted = policy;
  worker_death death;
  death.incarnation = incarnation;
  return what.settle(
    death, rules, [&](uint64_t ticket) { return states[ticket]; }, [=](auto&) { return answered; });
}

} // namespace

TEST_CASE("messages wait for a process, go to it in order, and go at once from then on") {
  books x;
  (void) x.enter(1, 0, ledger::entrance::waits);
  (void) x.enter(2, 0, ledger::entrance::waits);
  CHECK(x.replay(1) == std::vector<int32_t>{1, 2});
  auto where = x.enter(3);
  CHECK(where.incarnation == 1);
  x.all.pause();
  (void) x.enter(4, 0, ledger::entrance::waits);
}

TEST_CASE("after a death what was not begun waits again, before what came later") {
  books x;
  CHECK(x.replay(1).empty());
  for (int32_t i = 1; i <= 4; ++i)
    x.all.booked(x.enter(i, static_cast<uint64_t>(i)), static_cast<uint64_t>(i), 1);
  auto settled = settle(x.all, in_doubt::fail, {{1, ticket_state::handled}, {2, ticket_state::entered}});
  CHECK(settled.closed.size() == 1);
  REQUIRE(settled.lost.size() == 1);
  CHECK(settled.lost[0].what.content.get_as<int32_t>(0) == 2);
  CHECK(settled.kept.size() == 2);
  (void) x.enter(5, 5, ledger::entrance::waits);
  CHECK(x.replay(2) == std::vector<int32_t>{3, 4, 5});
}

TEST_CASE("a process that has died is not opened for any more, whoever was faster") {
  books x;
  (void) x.enter(1, 1, ledger::entrance::waits);
  CHECK(settle(x.all, in_doubt::fail).kept.empty()); // it had nothing
  CHECK(x.replay(1).empty());
  (void) x.enter(2, 2, ledger::entrance::waits);
  CHECK(x.replay(2) == std::vector<int32_t>{1, 2});
}

TEST_CASE("a message in doubt is tried again if the policy says so, and its deaths are counted") {
  books x;
  CHECK(x.replay(1).empty());
  x.all.booked(x.enter(1, 1), 7, 1);
  CHECK(settle(x.all, in_doubt::retry, {{7, ticket_state::entered}}).kept.size() == 1);
  x.all.open(2);
  auto again = x.all.next(2);
  REQUIRE(again);
  CHECK(again->where.deaths == 1);
  x.all.booked(again->where, 8, 99);
  auto settled = settle(x.all, in_doubt::retry, {{8, ticket_state::entered}}, false, 2);
  REQUIRE(settled.lost.size() == 1);
  CHECK(settled.lost[0].why == sentence::quarantine);
  CHECK(settled.lost[0].what.bytes == 99);
  REQUIRE(settled.lost[0].what.deaths.size() == 2);
  CHECK(settled.lost[0].what.deaths[0].incarnation == 1);
  CHECK(settled.lost[0].what.deaths[1].incarnation == 2);
  CHECK(x.all.size() == 0);
}

TEST_CASE("a request in doubt that was answered is not tried again") {
  books x;
  CHECK(x.replay(1).empty());
  x.all.booked(x.enter(1, 1), 7, 1);
  auto settled = settle(x.all, in_doubt::retry, {{7, ticket_state::entered}}, true);
  CHECK(settled.closed.size() == 1);
  CHECK(settled.kept.empty());
  CHECK(x.all.size() == 0);
}

TEST_CASE("what is heard of a delivery to a dead process means nothing") {
  books x;
  CHECK(x.replay(1).empty());
  auto first = x.enter(1);
  CHECK_FALSE(x.all.outlives(first));
  (void) settle(x.all, in_doubt::fail);
  x.all.handled(first);
  x.all.booked(first, 9, 1);
  CHECK(x.all.outlives(first));
  CHECK(x.replay(2) == std::vector<int32_t>{1});
  x.all.handled(first);
  CHECK(x.all.size() == 1);
  CHECK(x.all.outlives(first));
  x.all.handled({first.number, 2, 0});
  CHECK(x.all.size() == 0);
  CHECK(x.all.outlives(first)); // the successor has handled it
}

TEST_CASE("no more messages wait for a process than the limit, and none after the end") {
  books x;
  for (int32_t i = 0; i < 100; ++i)
    (void) x.enter(i, 0, ledger::entrance::waits);
  (void) x.enter(100, 0, ledger::entrance::full);
  auto left = x.all.close();
  CHECK(left.waiting.size() == 100);
  CHECK(left.delivered.empty());
  (void) x.enter(101, 0, ledger::entrance::over);
  CHECK(x.all.size() == 0);
}

TEST_CASE("whatever a process says about its tickets, each message is handled, waits, or is lost, once and in order") {
  std::mt19937 random{4711};
  for (int round = 0; round < 200; ++round) {
    books x;
    (void) x.replay(1);
    std::map<uint64_t, ticket_state> states;
    constexpr int32_t count = 50;
    for (int32_t i = 1; i <= count; ++i) {
      auto where = x.enter(i, static_cast<uint64_t>(i));
      if (random() % 8 != 0)
        x.all.booked(where, static_cast<uint64_t>(i), 1);
      states[static_cast<uint64_t>(i)] = static_cast<ticket_state>(random() % 4);
    }
    auto settled = settle(x.all, static_cast<in_doubt>(random() % 3), states);
    auto waiting = x.replay(2);
    CHECK(std::is_sorted(waiting.begin(), waiting.end()));
    CHECK(std::adjacent_find(waiting.begin(), waiting.end()) == waiting.end());
    CHECK(waiting.size() + settled.lost.size() + settled.closed.size() == static_cast<size_t>(count));
    CHECK(settled.kept.size() == waiting.size());
  }
}

TEST_CASE("the books tell how much a process has handled, and whether it has begun with anything") {
  books x;
  (void) x.replay(1);
  auto first = x.enter(1);
  auto second = x.enter(2);
  std::map<uint64_t, ticket_state> states{{7, ticket_state::untouched}, {8, ticket_state::entered}};
  auto begun = [&] { return x.all.any_begun([&](uint64_t ticket) { return states[ticket]; }); };
  CHECK_FALSE(begun()); // neither is booked
  x.all.booked(first, 7, 1);
  CHECK_FALSE(begun());
  x.all.booked(second, 8, 1);
  CHECK(begun());
  x.all.handled(second);
  CHECK_FALSE(begun());
  CHECK(x.all.handled_count() == 1);
  states[7] = ticket_state::unknown;
  CHECK(begun());
  (void) settle(x.all, in_doubt::retry, {{7, ticket_state::untouched}});
  CHECK_FALSE(begun());
  (void) x.replay(2);
  CHECK(x.all.handled_count() == 0);
  x.all.handled(first); // of the earlier delivery
  CHECK(x.all.handled_count() == 0);
}

TEST_CASE("what nobody has begun can be taken back, and what a process died of cannot") {
  books x;
  CHECK(x.replay(1).empty());
  auto first = x.enter(1);
  auto second = x.enter(2);
  (void) x.enter(3);
  x.all.booked(first, 11, 1);
  x.all.booked(second, 12, 1);
  auto settled = settle(x.all, in_doubt::retry, {{11, ticket_state::entered}});
  CHECK(settled.lost.empty());
  auto back = x.all.take_unbegun();
  REQUIRE(back.size() == 2);
  CHECK(back[0].content.get_as<int32_t>(0) == 2);
  CHECK(back[1].content.get_as<int32_t>(0) == 3);
  CHECK(x.all.take_unbegun().empty());
  CHECK(x.replay(2) == std::vector<int32_t>{1});
}

// Catches a sender whose message fails on its way to a dead process, and is handed to another one all the same.
TEST_CASE("a delivery that failed means nothing when its message was taken out for another process") {
  books x;
  CHECK(x.replay(1).empty());
  auto on_its_way = x.enter(1, 1);
  auto begun = x.enter(2, 2);
  x.all.booked(begun, 2, 1);
  CHECK_FALSE(x.all.outlives(on_its_way));
  (void) settle(x.all, in_doubt::fail, {{2, ticket_state::entered}});
  CHECK(x.all.outlives(on_its_way));
  CHECK(x.all.take_unbegun().size() == 1);
  CHECK(x.all.outlives(on_its_way));
  CHECK(x.replay(2).empty());
  CHECK_FALSE(x.all.outlives(x.enter(3, 3)));
}
