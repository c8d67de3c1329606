#include <bulkhead/shm/lapse_board.hpp>

#include <catch2/catch.hpp>

#include <memory>

using bulkhead::shm::lapse_board;

TEST_CASE("a board knows the tickets that were noted, and no others") {
  auto board = std::make_unique<lapse_board>();
  CHECK_FALSE(board->has(1));
  board->note(1);
  board->note((uint64_t{7} << 32) | 2);
  CHECK(board->has(1));
  CHECK(board->has((uint64_t{7} << 32) | 2));
  CHECK_FALSE(board->has(2));
  CHECK_FALSE(board->has((uint64_t{9} << 32) | 2));
  CHECK_FALSE(board->has((uint64_t{1} << 32) | 1));
}

TEST_CASE("a later ticket may take the place of an earlier one, and only of one with the same place") {
  auto board = std::make_unique<lapse_board>();
  for (uint64_t ticket = 1; ticket <= lapse_board::places; ++ticket)
    board->note(ticket);
  board->note(lapse_board::places + 5);
  CHECK(board->has(lapse_board::places + 5));
  CHECK_FALSE(board->has(5));
  for (uint64_t ticket = 1; ticket <= lapse_board::places; ++ticket)
    CHECK(board->has(ticket) == (ticket != 5));
}
