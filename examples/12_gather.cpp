// Python's `asyncio.gather` and `Executor.map`: several tasks at once, their results in order. One of them crashes its worker,
// which costs that task and no other.
#include <bulkhead/bulkhead.hpp>
#include <bulkhead/gather.hpp>
#include <bulkhead/map.hpp>

#include <caf/all.hpp>

#include <cstdlib>
#include <iostream>

int32_t square(int32_t x) {
  return x * x;
}

int32_t fragile(int32_t x) {
  if (x == 2)
    std::abort();
  return x;
}

void caf_main(caf::actor_system& sys) {
  bulkhead::executor pool{sys, {.workers_max = 2}};

  std::vector<bulkhead::future<int32_t>> tasks;
  for (int32_t i = 0; i < 5; ++i)
    tasks.push_back(pool.submit<&square>(i));
  if (auto values = bulkhead::gather(tasks).get())
    std::cout << "gathered: " << caf::deep_to_string(*values) << '\n';
  auto of_two_types =
    bulkhead::gather(pool.submit<&square>(6), pool.submit([](const std::string& x) { return x + "!"; }, "text"));
  if (auto values = of_two_types.get())
    std::cout << "gathered: " << caf::deep_to_string(*values) << '\n';

  auto squares = bulkhead::map<&square>(pool, std::vector<int32_t>{7, 8, 9}, {.chunk = 2});
  while (auto y = squares.next())
    std::cout << "mapped: " << *y.get() << '\n';

  auto in_any_order = bulkhead::map_unordered<&square>(pool, std::vector<int32_t>{7, 8, 9});
  int32_t sum = 0;
  while (auto y = in_any_order.next())
    sum += *y.get()->result;
  std::cout << "their sum: " << sum << '\n';

  std::vector<bulkhead::future<int32_t>> risky;
  for (int32_t i = 0; i < 4; ++i)
    risky.push_back(pool.submit<&fragile>(i));
  for (auto& x : risky)
    if (auto value = x.get())
      std::cout << "fine: " << *value << '\n';
    else
      std::cout << "failed: " << (value.error() == bulkhead::errc::worker_lost ? "its worker was lost" : "otherwise")
                << '\n';
}

BULKHEAD_MAIN()
