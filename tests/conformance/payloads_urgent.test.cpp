// Payloads and descriptors in messages that overtake others. Catches a record of the control lane whose attachments are looked
// for behind those of the data lane, or not at all.

#include <catch2/catch.hpp>

#include "conformance/actors.hpp"

#include <bulkhead/bulkhead.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace conformance;
using namespace test_support;
using bulkhead::bytes;

namespace {

struct doorkeeper_state {
  int32_t others = 0;
  std::vector<int32_t> before;
};

bool holds(const bytes& what, size_t size, int octet) {
  auto same = [=](std::byte x) { return x == static_cast<std::byte>(octet); };
  return what.size() == size && std::all_of(what.span().begin(), what.span().end(), same);
}

// Says that it waits at a gate, so that the messages behind come at once, and then for each urgent one how many others came
// before it; an urgent one that is not what it should be ends the actor.
caf::behavior doorkeeper(caf::stateful_actor<doorkeeper_state>* self) {
  return {
    [self](caf::wait_for_atom, const std::string& path) {
      self->send(caf::actor_cast<caf::actor>(self->current_sender()), caf::ok_atom_v);
      if (!gate::wait_for(path))
        self->quit(caf::sec::runtime_error);
    },
    [self](const bytes& x, int32_t octet, const bulkhead::fd&) {
      ++self->state.others;
      if (!holds(x, 10'000, octet))
        self->quit(caf::sec::bad_function_call);
    },
    [self](caf::tick_atom, const bytes& x, const bulkhead::fd& file, const std::string& text) {
      self->state.before.push_back(self->state.others);
      if (!holds(x, 100'000, 7)
          || ::write(file.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        self->quit(caf::sec::bad_function_call);
    },
    [self](caf::get_atom) { return self->state.before; },
    [](bytes& x, const bulkhead::fd& file) { return caf::make_message(std::move(x), file); },
  };
}

const known_actor doorkeeper_known{bulkhead::heavy<"doorkeeper", doorkeeper>::add_to};

bytes built_within(const caf::actor& receiver, size_t size, int octet) {
  auto room = bulkhead::allocate(receiver, size);
  REQUIRE(room);
  std::fill(room->room().begin(), room->room().end(), static_cast<std::byte>(octet));
  return std::move(*room).finish();
}

std::array<bulkhead::fd, 2> pipe_ends() {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  return {bulkhead::fd::adopt(ends[0]), bulkhead::fd::adopt(ends[1])};
}

} // namespace

TEST_CASE("urgent messages overtake others with their payload and their descriptor") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("doorkeeper");
  gate door;
  s.self->send(to, caf::wait_for_atom_v, door.path());
  REQUIRE(next<caf::ok_atom>(s.self));
  auto [reading, writing] = pipe_ends();
  constexpr int32_t others = 20; // their descriptors are under way at the same time, 64 at most
  for (int32_t i = 0; i < others; ++i)
    s.self->send(to, built_within(to, 10'000, i), i, writing);
  for (auto text : {"one,", "two,"})
    s.self->send<caf::message_priority::high>(to, caf::tick_atom_v, built_within(to, 100'000, 7), writing,
                                              std::string{text});
  door.open();
  auto before = ask<std::vector<int32_t>>(s.self, to, caf::get_atom_v);
  REQUIRE(before);
  REQUIRE(before->size() == 2);
  for (auto x : *before)
    CHECK(x < others);
  std::array<char, 32> got{};
  CHECK(::read(reading.number(), got.data(), got.size()) == 8);
  CHECK(std::string{got.data()} == "one,two,");
  CHECK(eventually([&] { return bulkhead::payloads_of(s.sys).lent == 0; }));
}

TEST_CASE("an urgent request is answered with a payload and a descriptor") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("doorkeeper");
  auto [reading, writing] = pipe_ends();
  auto right = false;
  s.self->request<caf::message_priority::high>(to, patience, built_within(to, 50'000, 3), writing)
    .receive([&](const bytes& x,
                 const bulkhead::fd& file) { right = holds(x, 50'000, 3) && ::write(file.number(), "back", 4) == 4; },
             [](const caf::error& failed) { FAIL(to_string(failed)); });
  CHECK(right);
  std::array<char, 8> got{};
  CHECK(::read(reading.number(), got.data(), got.size()) == 4);
}
