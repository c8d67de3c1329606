#include <catch2/catch.hpp>

#include <bulkhead/shm/turn.hpp>

#include <thread>
#include <vector>

using bulkhead::shm::turn;

TEST_CASE("a turn is taken once until it is given back, and counts") {
  turn t;
  CHECK_FALSE(t.taken());
  CHECK(t.try_take());
  CHECK(t.taken());
  CHECK_FALSE(t.try_take());
  auto before = t.count();
  t.give_back();
  CHECK_FALSE(t.taken());
  CHECK(t.count() != before);
  CHECK(t.try_take());
}

// Catches two threads that have the turn at the same time, and writes of one that the next does not see.
TEST_CASE("threads that pass a turn around never have it together") {
  turn t;
  uint64_t guarded = 0;
  constexpr uint64_t each = 50'000;
  auto work = [&] {
    for (uint64_t done = 0; done < each;)
      if (t.try_take()) {
        ++guarded;
        ++done;
        t.give_back();
      } else {
        std::this_thread::yield();
      }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back(work);
  for (auto& x : threads)
    x.join();
  CHECK(guarded == 3 * each);
}
