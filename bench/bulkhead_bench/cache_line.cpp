// How long does a cache line take to another core and back? Nothing that two processes say to each other is quicker, and on a
// virtual machine it changes with the cores that it was given.
#include "measurements.hpp"

#include <atomic>
#include <chrono>
#include <thread>

namespace bench {

namespace {

constexpr int round_trips = 500'000;

struct alignas(128) word {
  std::atomic<int> value = 0;
};

run measure() {
  word ping, pong;
  std::thread other{[&] {
    for (int i = 1; i <= round_trips; ++i) {
      while (ping.value.load(std::memory_order_acquire) != i)
        continue;
      pong.value.store(i, std::memory_order_release);
    }
  }};
  auto begin = std::chrono::steady_clock::now();
  for (int i = 1; i <= round_trips; ++i) {
    ping.value.store(i, std::memory_order_release);
    while (pong.value.load(std::memory_order_acquire) != i)
      continue;
  }
  auto spent = std::chrono::duration<double, std::nano>{std::chrono::steady_clock::now() - begin};
  other.join();
  return {spent.count() / round_trips};
}

} // namespace

side cache_line_rtt() {
  return {"cache_line_rtt", "ns", measure};
}

} // namespace bench
