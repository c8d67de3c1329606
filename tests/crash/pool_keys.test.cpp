// Pools with keys: who sends to the same member, and in which order. Catches messages that overtake each other when the pool changes.
#include "pool_actors.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>

#include <signal.h>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;

namespace {

/// Sends numbers in order, without waiting, under a number of its own.
void send_all(caf::actor_system& sys, const caf::actor& pool, int32_t sender, int32_t count) {
  sys.spawn([=](caf::event_based_actor* self) {
    for (int32_t i = 0; i < count; ++i)
      self->send(pool, caf::put_atom_v, sender, i);
  });
}

std::vector<int32_t> numbers_to(int32_t count) {
  std::vector<int32_t> result(static_cast<size_t>(count));
  std::iota(result.begin(), result.end(), 0);
  return result;
}

pool_options by_second_element() {
  auto result = hands(3, 3);
  result.how = dispatch::by_key;
  result.key = [](const caf::message& what) -> uint64_t {
    return what.size() > 1 && what.match_element<int32_t>(1) ? static_cast<uint64_t>(what.get_as<int32_t>(1)) : 0;
  };
  return result;
}

} // namespace

TEST_CASE("messages with the same key go to the same member, whoever sends them") {
  hand_pool x{by_second_element()};
  std::map<int32_t, std::set<int32_t>> pids;
  for (int round = 0; round < 3; ++round)
    for (int32_t key = 0; key < 60; ++key) {
      caf::scoped_actor sender{x.here.sys};
      auto pid = ask<int32_t>(sender, x.pool, caf::put_atom_v, key, int32_t{round});
      REQUIRE(pid);
      pids[key].insert(*pid);
    }
  std::set<int32_t> all;
  for (auto& [key, found] : pids) {
    CHECK(found.size() == 1);
    all.insert(found.begin(), found.end());
  }
  CHECK(all.size() == 3);
}

TEST_CASE("the key of a message is what a function takes from its first element, and the same in every process") {
  auto key = key_of<std::string>([](const std::string& x) { return x.substr(0, 3); });
  CHECK(key(caf::make_message(std::string{"abcdef"})) == key(caf::make_message(std::string{"abcxyz"}, 7)));
  CHECK(key(caf::make_message(std::string{"abcdef"})) != key(caf::make_message(std::string{"abd"})));
  CHECK(key(caf::make_message(7)) == 0);
  CHECK(key(caf::message{}) == 0);
  // From another run of the program.
  CHECK(key(caf::make_message(std::string{"abcdef"})) == 16654208175385433931u);
}

TEST_CASE("a message whose key cannot be told is refused") {
  auto options = by_second_element();
  options.key = [](const caf::message& what) -> uint64_t {
    if (what.size() == 1)
      throw std::runtime_error{"no key"};
    return 1;
  };
  hand_pool x{options};
  auto refused = ask<int32_t>(x.self, x.pool, caf::get_atom_v);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == caf::sec::runtime_error);
  CHECK(ask<int32_t>(x.self, x.pool, caf::put_atom_v, int32_t{1}, int32_t{1}));
}

TEST_CASE("the messages of a sender keep their order while a pool grows and its members are recycled") {
  auto options = hands(1, 3);
  options.how = dispatch::by_sender;
  options.prefetch_max = 3;
  options.grow_after = 0ms;
  hand_pool x{options};
  constexpr int32_t senders = 20, count = 300;
  for (int32_t i = 1; i <= senders; ++i)
    send_all(x.here.sys, x.pool, i, count);
  REQUIRE(x.becomes(3));
  CHECK(x.here.host.recycle(x.pool));
  for (int32_t i = senders + 1; i <= 2 * senders; ++i)
    send_all(x.here.sys, x.pool, i, count);
  REQUIRE(x.book.wait_for(2 * senders * count));
  auto entries = x.book.entries();
  for (int32_t i = 1; i <= 2 * senders; ++i)
    CHECK(entries[i] == numbers_to(count));
  CHECK(x.here.host.dropped_messages() == 0);
}

TEST_CASE("the messages of a sender keep their order when members die, and when one gives up") {
  auto options = hands(3, 3);
  options.how = dispatch::by_sender;
  options.prefetch_max = 5;
  options.restart.restarts_max = 2;
  options.restart.within = 1h;
  hand_pool x{options};
  x.hold(1);
  auto held = x.book.entries()[0].front();
  constexpr int32_t senders = 30, count = 100;
  for (int32_t i = 1; i <= senders; ++i)
    send_all(x.here.sys, x.pool, i, count);
  // Of each sender at most the messages in whose handler a process died are missing, three in all.
  REQUIRE(eventually([&] { return x.status().waiting > 0; }));
  for (int deaths = 0; deaths < 3; ++deaths) {
    REQUIRE(::kill(held, SIGKILL) == 0);
    REQUIRE(x.held.comes_to(static_cast<size_t>(deaths) + 1));
    if (deaths == 2)
      break;
    REQUIRE(x.becomes(3));
    // The same sender would be the one that was held; another finds the slot of the dead process by its pid.
    auto before = x.book.entries()[0].size();
    x.held.ask(x.here.sys, x.pool, caf::tick_atom_v, x.gate.path());
    REQUIRE(eventually([&] { return x.book.entries()[0].size() > before; }));
    held = x.book.entries()[0].back();
  }
  x.gate.open();
  constexpr size_t held_entries = 3;
  REQUIRE(eventually([&] {
    size_t found = 0;
    for (auto& [sender, numbers] : x.book.entries())
      found += sender == 0 ? 0 : numbers.size();
    return found + x.here.host.dropped_messages() >= senders * count;
  }));
  CHECK(x.book.entries()[0].size() == held_entries);
  auto entries = x.book.entries();
  for (int32_t i = 1; i <= senders; ++i)
    CHECK(std::is_sorted(entries[i].begin(), entries[i].end()));
}
