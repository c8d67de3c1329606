// Catches additions that are lost when several threads share a cell or not.
#include <catch2/catch.hpp>

#include <bulkhead/shm/counter_cells.hpp>

#include <atomic>
#include <thread>
#include <vector>

using bulkhead::shm::counter_cells;

namespace {

struct alignas(128) cell_memory {
  std::byte bytes[counter_cells::bytes]{};
};

} // namespace

TEST_CASE("a counter sums what all have added, in cells of their own and in shared ones") {
  auto m = std::make_unique<cell_memory>();
  counter_cells counter{m->bytes};
  CHECK(counter.sum() == 0);
  constexpr uint64_t each = 50'000;
  std::atomic<bool> done = false;
  std::atomic<int> back = 0;
  std::thread observer{[&] {
    for (uint64_t last = 0; !done;) {
      auto now = counter_cells{m->bytes}.sum();
      back += now < last;
      last = now;
    }
  }};
  std::vector<std::thread> adders;
  for (size_t who : {size_t{1}, size_t{2}, 2 + counter_cells::cells})
    adders.emplace_back([&m, who] {
      for (uint64_t i = 0; i < each; ++i)
        counter_cells{m->bytes}.add(who, 2);
    });
  for (auto& x : adders)
    x.join();
  done = true;
  observer.join();
  CHECK(back == 0);
  CHECK(counter.sum() == 3 * 2 * each);
  counter.add(5, ~uint64_t{0}); // as two's complement: minus one
  CHECK(counter.sum() == 3 * 2 * each - 1);
}
