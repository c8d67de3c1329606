#include <catch2/catch.hpp>

#include <bulkhead/shm/ticket_states.hpp>

#include <array>
#include <random>

using namespace bulkhead::shm;

namespace {

constexpr uint64_t ticket(uint32_t generation, uint32_t place) {
  return (uint64_t{generation} << 32) | place;
}

} // namespace

TEST_CASE("the state of a ticket is what was noted last, and that of its place's next ticket is untouched") {
  alignas(4) std::array<std::byte, ticket_states_bytes(8)> states{};
  CHECK(state_of(states, ticket(1, 3)) == ticket_state::untouched);
  note(states, ticket(1, 3), ticket_state::entered);
  CHECK(state_of(states, ticket(1, 3)) == ticket_state::entered);
  CHECK(state_of(states, ticket(1, 2)) == ticket_state::untouched);
  note(states, ticket(1, 3), ticket_state::untouched);
  CHECK(state_of(states, ticket(1, 3)) == ticket_state::untouched);
  note(states, ticket(1, 3), ticket_state::handled);
  CHECK(state_of(states, ticket(1, 3)) == ticket_state::handled);
  CHECK(state_of(states, ticket(2, 3)) == ticket_state::untouched);
  note(states, ticket(0x3fffffff, 0), ticket_state::entered);
  CHECK(state_of(states, ticket(0x3fffffff, 0)) == ticket_state::entered);
}

TEST_CASE("a ticket for which there is no room is not noted, and its state unknown") {
  alignas(4) std::array<std::byte, ticket_states_bytes(8)> states{};
  note(states, ticket(1, 8), ticket_state::handled);
  note(states, ticket(1, 0xffffffff), ticket_state::handled);
  note({}, ticket(1, 0), ticket_state::handled);
  CHECK(state_of(states, ticket(1, 8)) == ticket_state::unknown);
  CHECK(state_of({}, ticket(1, 0)) == ticket_state::unknown);
  for (auto x : states)
    CHECK(x == std::byte{0});
}

TEST_CASE("any bytes in the memory are some state of a ticket") {
  alignas(4) std::array<std::byte, ticket_states_bytes(16)> states{};
  std::mt19937 random{4711};
  for (int round = 0; round < 10'000; ++round) {
    for (auto& x : states)
      x = static_cast<std::byte>(random());
    auto state = state_of(states, ticket(random(), random() % 20));
    CHECK(state <= ticket_state::unknown);
  }
}
