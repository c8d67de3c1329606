// Catches a task that both sides get, or none of them.
#include <catch2/catch.hpp>

#include <bulkhead/shm/claim_board.hpp>

#include <atomic>
#include <thread>

using bulkhead::shm::claim_board;

namespace {

struct alignas(64) board_memory {
  std::byte bytes[claim_board::bytes]{};
};

} // namespace

TEST_CASE("a task is begun or taken back, once") {
  board_memory m;
  claim_board board{m.bytes};
  CHECK_FALSE(board.has_begun(1));
  CHECK(board.begin(1));
  CHECK(board.has_begun(1));
  CHECK_FALSE(board.take_back(1));
  CHECK(board.is_latest(1));
  CHECK_FALSE(board.begin(1));
  CHECK(board.take_back(2));
  CHECK(board.is_latest(1));
  CHECK_FALSE(board.begin(2));
  CHECK_FALSE(board.has_begun(2));
  CHECK_FALSE(board.is_latest(1)); // the worker is through with it
}

TEST_CASE("the board tells when a task began, and how many of its calls had") {
  board_memory m;
  claim_board board{m.bytes};
  CHECK(board.begin(1, 700));
  CHECK(board.begun_at(1) == 700);
  CHECK(board.calls_begun(1) == 0);
  board.begin_call(0);
  board.begin_call(1);
  CHECK(board.calls_begun(1) == 2);
  CHECK(board.begin(2, 800));
  CHECK(board.latest_task() == 2);
  CHECK(board.begun_at(1) == 700);
  CHECK(board.begun_at(2) == 800);
  CHECK(board.calls_begun(1) == UINT64_MAX); // the worker is through with it
  CHECK(board.calls_begun(2) == 0);
}

TEST_CASE("a later task in the same word ends the claims of the earlier one") {
  board_memory m;
  claim_board board{m.bytes};
  CHECK(board.take_back(3));
  CHECK(board.begin(3 + claim_board::slots));
  CHECK_FALSE(board.begin(3));
  CHECK_FALSE(board.has_begun(3));
  CHECK(board.has_begun(3 + claim_board::slots));
}

TEST_CASE("two sides that claim the same tasks at once share them") {
  board_memory m;
  constexpr uint64_t tasks = claim_board::slots;
  std::atomic<bool> go = false;
  std::atomic<uint64_t> begun = 0;
  std::thread worker{[&] {
    while (!go)
      std::this_thread::yield();
    for (uint64_t i = 1; i <= tasks; ++i)
      begun += claim_board{m.bytes}.begin(i);
  }};
  go = true;
  uint64_t taken = 0;
  for (uint64_t i = tasks; i > 0; --i)
    taken += claim_board{m.bytes}.take_back(i);
  worker.join();
  CHECK(begun + taken == tasks);
}
