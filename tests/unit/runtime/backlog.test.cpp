#include <catch2/catch.hpp>

#include "bulkhead/runtime/backlog.hpp"
#include "bulkhead/runtime/crowded_receivers.hpp"
#include "bulkhead/runtime/handled_log.hpp"

#include <random>
#include <set>
#include <vector>

using namespace bulkhead;
using namespace bulkhead::runtime;
using room = backlog::room;

namespace {

constexpr wire_address sender{0, 1};
constexpr wire_address other_sender{0, 2};
constexpr wire_address receiver{1, 10};
constexpr wire_address other_receiver{1, 11};
constexpr backlog_limits plenty{uint64_t{1} << 40, 1'000'000};

struct books : backlog {
  using backlog::backlog;

  entrance enter(const wire_address& from, const wire_address& to, uint64_t bytes = 0, room most = room::crowded) {
    caf::tracing_data_ptr none;
    return backlog::enter({from, to}, bytes, most, none);
  }

  using backlog::leave;

  std::optional<handled> leave(uint64_t ticket) {
    return backlog::leave({&ticket, 1});
  }
};

class counted_mark final : public caf::tracing_data {
public:
  explicit counted_mark(int& alive) : alive_(alive) {
    ++alive_;
  }
  ~counted_mark() override {
    --alive_;
  }
  bool serialize(caf::serializer&) const override {
    return true;
  }
  bool serialize(caf::binary_serializer&) const override {
    return true;
  }

private:
  int& alive_;
};

struct told_tickets final : ticket_returns {
  void return_tickets(std::span<const uint64_t> some) override {
    ++records;
    all.insert(all.end(), some.begin(), some.end());
  }
  size_t records = 0;
  std::vector<uint64_t> all;
};

} // namespace

TEST_CASE("a receiver is crowded at its limit of messages and full at twice that") {
  books b{plenty, {uint64_t{1} << 40, 8}};
  for (auto i = 0; i < 8; ++i)
    CHECK(b.enter(sender, receiver).found == room::free);
  CHECK(b.enter(sender, receiver, 0, room::free).ticket == 0);
  for (auto i = 0; i < 8; ++i) {
    auto x = b.enter(sender, receiver);
    CHECK(x.found == room::crowded);
    CHECK(x.ticket != 0);
  }
  auto x = b.enter(sender, receiver);
  CHECK(x.found == room::full);
  CHECK(x.ticket == 0);
  CHECK(b.enter(sender, receiver, 0, room::full).ticket != 0);
  CHECK(b.enter(sender, other_receiver).found == room::free);
}

TEST_CASE("a receiver is crowded at its limit of bytes, and one large message passes when nothing waits") {
  books b{plenty, {100'000, 1000}};
  auto first = b.enter(sender, receiver, 5'000'000);
  CHECK(first.found == room::free);
  CHECK(b.enter(sender, receiver, 1).ticket == 0);
  REQUIRE(b.leave(first.ticket));
  CHECK(b.enter(sender, receiver, 1).found == room::free);
}

TEST_CASE("the limits of all receivers together hold too") {
  books b{{uint64_t{1} << 40, 100}, plenty};
  for (uint64_t i = 0; i < 100; ++i)
    CHECK(b.enter(sender, {1, i}).ticket != 0);
  CHECK(b.enter(sender, {1, 500}).found == room::crowded);
}

TEST_CASE("a sender that floods a receiver leaves room for others, and a flooded receiver for others") {
  books b{plenty, {uint64_t{1} << 40, 900}};
  while (b.enter(sender, receiver, 0, room::free).ticket != 0)
    continue;
  auto flood = b.waiting_for(receiver).messages;
  CHECK(flood > 700);
  CHECK(flood < 850);
  CHECK(b.enter(other_sender, receiver).found == room::free);

  books c{{uint64_t{1} << 40, 900}, plenty};
  while (c.enter(sender, receiver, 0, room::free).ticket != 0)
    continue;
  CHECK(c.waiting_for(receiver).messages < 850);
  CHECK(c.enter(sender, other_receiver).found == room::free);
}

TEST_CASE("a ticket can be returned once") {
  books b{plenty, plenty};
  auto first = b.enter(sender, receiver).ticket;
  auto second = b.enter(sender, receiver).ticket;
  CHECK(b.leave(first));
  CHECK_FALSE(b.leave(first));
  auto third = b.enter(sender, receiver).ticket;
  CHECK_FALSE(b.leave(first));
  CHECK(b.leave(third));
  CHECK(b.leave(second));
  CHECK_FALSE(b.leave(0));
  CHECK_FALSE(b.leave(~uint64_t{0}));
  CHECK_FALSE(b.leave(third + 1));
  auto twice = b.enter(sender, receiver).ticket;
  CHECK_FALSE(b.leave(std::vector{twice, twice}));
  CHECK(b.waiting_for(receiver).messages == 0);
}

TEST_CASE("tickets are demanded from half of a limit on, and not any more below a quarter") {
  books b{plenty, {uint64_t{1} << 40, 100}};
  std::vector<uint64_t> tickets;
  auto demands = 0;
  for (auto i = 0; i < 100; ++i) {
    auto x = b.enter(sender, receiver);
    tickets.push_back(x.ticket);
    if (x.demand != 0) {
      ++demands;
      CHECK(x.demand == 1);
      CHECK(i == 49);
    }
  }
  CHECK(demands == 1);
  auto ends = 0;
  for (size_t i = 0; i < tickets.size(); ++i) {
    auto left = b.leave(tickets[i]);
    REQUIRE(left);
    ends += left->demand == 2 ? 1 : 0;
    CHECK(left->demand == (i == 75 ? 2 : 0));
  }
  CHECK(ends == 1);
}

TEST_CASE("the mark of a message that is passed on lives until that was handled") {
  int alive = 0;
  books b{plenty, {uint64_t{1} << 40, 1}};
  caf::tracing_data_ptr mark = std::make_unique<counted_mark>(alive);
  auto in = b.backlog::enter({sender, receiver}, 0, room::free, mark);
  CHECK_FALSE(mark);
  caf::tracing_data_ptr refused = std::make_unique<counted_mark>(alive);
  CHECK(b.backlog::enter({sender, receiver}, 0, room::free, refused).ticket == 0);
  CHECK(refused);
  refused.reset();
  CHECK(alive == 1);
  (void) b.leave(in.ticket);
  CHECK(alive == 0);
}

// Would catch: accounts that are not closed, room that gets lost, a sum that does not fit its parts.
TEST_CASE("after any sequence of messages and returns all room is back") {
  std::minstd_rand random{11};
  books b{{100'000, 300}, {40'000, 50}};
  std::vector<uint64_t> open;
  uint64_t demand = 0;
  auto note = [&](uint64_t changes) {
    if (changes != 0)
      CHECK(changes == ++demand);
  };
  for (auto i = 0; i < 20'000; ++i) {
    // Few that are busy, and many that come and go.
    auto actors = random() % 4 == 0 ? 300 : 5;
    if (random() % 2 == 0) {
      auto most = random() % 2 == 0 ? room::free : room::crowded;
      auto x = b.enter({0, 1 + random() % actors}, {1, 1 + random() % actors}, random() % 2000, most);
      if (x.ticket != 0)
        open.push_back(x.ticket);
      note(x.demand);
    } else if (!open.empty()) {
      std::swap(open[random() % open.size()], open.back());
      auto left = b.leave(open.back());
      REQUIRE(left);
      open.pop_back();
      note(left->demand);
    }
  }
  for (auto x : open) {
    auto left = b.leave(x);
    REQUIRE(left);
    note(left->demand);
  }
  CHECK(demand > 2);
  CHECK(demand % 2 == 0);
  for (uint64_t i = 1; i <= 300; ++i) {
    CHECK(b.waiting_for({1, i}).messages == 0);
    CHECK(b.room_for({{0, i}, {1, i}}) == room::free);
  }
}

TEST_CASE("from the first message that is passed on tickets are demanded for good") {
  int alive = 0;
  books b{plenty, plenty};
  CHECK(b.enter(sender, receiver).demand == 0);
  caf::tracing_data_ptr mark = std::make_unique<counted_mark>(alive);
  auto in = b.backlog::enter({sender, receiver}, 0, room::full, mark);
  CHECK(in.demand == 1);
  auto left = b.leave(in.ticket);
  REQUIRE(left);
  CHECK(left->demand == 0);
  CHECK(b.enter(sender, receiver).demand == 0);
}

TEST_CASE("handled messages are told when that is wanted, in batches of a thread, and never otherwise") {
  auto to = std::make_shared<told_tickets>();
  auto log = std::make_shared<handled_log>(std::weak_ptr<ticket_returns>{to}, backlog_limits{1 << 20, 100});
  for (uint64_t i = 1; i <= 20; ++i)
    CHECK(log->arrived(10));
  {
    handled_log::batch batch;
    for (uint64_t i = 1; i <= 5; ++i)
      log->handled(i, 10);
  }
  CHECK(to->all.empty());
  log->demand(1);
  CHECK(to->all == std::vector<uint64_t>{1, 2, 3, 4, 5});
  {
    handled_log::batch batch;
    for (uint64_t i = 6; i <= 9; ++i)
      log->handled(i, 10);
  }
  CHECK(to->all.size() == 9);
  log->handled(10, 10); // this thread has no batch, so nobody would tell later
  CHECK(to->all.size() == 10);
  log->demand(2);
  log->handled(11, 10);
  CHECK(to->all.size() == 10);
}

// Threads of the sender that book and close at once tell what they found in any order.
TEST_CASE("an end of the demand that is told late does not end the next one") {
  auto to = std::make_shared<told_tickets>();
  auto log = std::make_shared<handled_log>(std::weak_ptr<ticket_returns>{to}, backlog_limits{1 << 20, 100});
  for (auto change : {1, 3, 2}) {
    CHECK(log->arrived(10));
    log->demand(static_cast<uint64_t>(change));
  }
  log->handled(1, 10);
  CHECK(to->all.size() == 1);
  log->demand(4);
  log->demand(3);
  log->handled(2, 10);
  CHECK(to->all.size() == 1);
}

TEST_CASE("a sender that goes beyond its limits is found out, an honest one at its limits is not") {
  handled_log log{{}, {uint64_t{1} << 40, 10}};
  for (auto i = 0; i < 20; ++i)
    CHECK(log.arrived(0));
  CHECK_FALSE(log.arrived(0));
  handled_log bytes{{}, {1300, 1000}};
  CHECK(bytes.arrived(1500));
  CHECK(bytes.arrived(100'000));
  CHECK_FALSE(bytes.arrived(1));
}

TEST_CASE("a receiver is slow when it handles nothing for long, once, until it makes progress") {
  crowded_receivers c;
  c.note(receiver, 5, 1000);
  CHECK_FALSE(c.is_slow(receiver, 5, true, 100, 1099));
  CHECK(c.is_slow(receiver, 5, true, 100, 1100));
  CHECK(c.given_up(receiver));
  CHECK_FALSE(c.is_slow(receiver, 5, true, 100, 2000));
  CHECK_FALSE(c.is_slow(receiver, 6, true, 100, 3000));
  CHECK_FALSE(c.given_up(receiver));
  CHECK(c.is_slow(receiver, 6, true, 100, 3100));
  CHECK_FALSE(c.is_slow(receiver, 6, false, 100, 3200));
  CHECK(c.empty());
  c.note(other_receiver, 0, 0);
  CHECK_FALSE(c.is_slow(other_receiver, 0, true, 0, 1'000'000));
}
