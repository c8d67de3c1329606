// The order of messages per sender and receiver. Would catch a spill that overtakes the mailbox, a batch that is decoded
// twice or lost, and a down message that overtakes data.

#include "conformance/actors.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <memory>

using namespace conformance;
using namespace test_support;

namespace {

constexpr int32_t senders = 64;
constexpr int32_t messages_per_sender = sanitized ? 3'000 : 16'000;

struct judge_state {
  struct account {
    int32_t received = 0;
    bool in_order = true;
  };

  std::map<caf::actor_addr, account> accounts;
  int32_t ended = 0;
  int32_t right = 0;
};

// Takes numbered messages of many senders. When `expected` senders have ended it tells `to` how many of them had sent
// all they had to, in order and before their ends.
caf::behavior judge(caf::stateful_actor<judge_state>* self, caf::actor to, int32_t expected, int32_t count) {
  self->set_down_handler([=](caf::down_msg& down) {
    auto& seen = self->state.accounts[down.source];
    if (seen.in_order && seen.received == count)
      ++self->state.right;
    if (++self->state.ended == expected)
      self->send(to, self->state.right);
  });
  return {
    [=](int32_t number) {
      auto from = self->current_sender();
      auto& seen = self->state.accounts[from->address()];
      if (seen.received == 0)
        self->monitor(from);
      seen.in_order = seen.in_order && number == seen.received;
      ++seen.received;
    },
  };
}

// Sends numbered messages, some at a time so that others get their turn, and quits.
caf::behavior sender(caf::event_based_actor* self, caf::actor to, int32_t count) {
  auto sent = std::make_shared<int32_t>(0);
  self->send(self, caf::tick_atom_v);
  return {
    [=](caf::tick_atom) {
      constexpr int32_t some = 500;
      for (int32_t i = 0; i < some && *sent < count; ++i)
        self->send(to, (*sent)++);
      if (*sent < count)
        self->send(self, caf::tick_atom_v);
      else
        self->quit();
    },
  };
}

const known_actor judge_known{bulkhead::heavy<"judge", judge>::add_to};
const known_actor sender_known{bulkhead::heavy<"sender", sender>::add_to};

} // namespace

TEST_CASE("a million messages of 64 senders arrive once, in order, and before their senders' ends") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  s.options.backlog = s.options.actor_backlog = {uint64_t{4} << 30, 1 << 24};
  auto me = caf::actor_cast<caf::actor>(s.self);
  auto to = s.spawn("judge", me, senders, messages_per_sender);
  for (int32_t i = 0; i < senders; ++i)
    s.sys.spawn(sender, to, messages_per_sender);
  CHECK(next<int32_t>(s.self) == senders);
  CHECK(s.host.dropped_messages() == 0);
}

TEST_CASE("messages of many senders in a worker arrive in order in the host and in another worker") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  constexpr int32_t few = 8;
  constexpr int32_t count = messages_per_sender / 2;
  s.options.backlog = s.options.actor_backlog = {uint64_t{4} << 30, 1 << 24};
  auto me = caf::actor_cast<caf::actor>(s.self);
  auto to = s.sys.spawn(judge, me, few, count);
  SECTION("in the host") {}
  SECTION("in another worker") {
    to = s.spawn("judge", me, few, count);
  }
  for (int32_t i = 0; i < few; ++i)
    s.spawn_together("sender", to, count);
  CHECK(next<int32_t>(s.self) == few);
}

TEST_CASE("order holds through the smallest mailbox") {
  stage s{place::in_worker};
  s.options.mailbox_bytes = 4096;
  auto me = caf::actor_cast<caf::actor>(s.self);
  constexpr int32_t few = 4;
  auto count = GENERATE(1, 5, 5'000);
  auto to = s.spawn("judge", me, few, count);
  for (int32_t i = 0; i < few; ++i)
    s.sys.spawn(sender, to, count);
  CHECK(next<int32_t>(s.self) == few);
}
