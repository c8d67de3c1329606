// From what size of a task on does another process pay? Tasks of a given length a second: all submitted at once to two workers, beside the
// same on this thread, one after the other.
#include "measurements.hpp"
#include "systems.hpp"

#include <bulkhead/gather.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace bench {

namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct length {
  const char* name;
  std::chrono::nanoseconds each;
};

constexpr length lengths[] = {{"1us", 1us}, {"10us", 10us}, {"100us", 100us}, {"1ms", 1ms}};

/// Of all tasks of a run together, on one core.
constexpr std::chrono::nanoseconds work = 200ms;

constexpr int64_t tasks_max = 100'000;

// Takes time of a core, whoever else uses it meanwhile.
int64_t compute(int64_t rounds) {
  auto x = static_cast<uint64_t>(rounds);
  for (int64_t i = 0; i < rounds; ++i)
    x = x * 6364136223846793005u + 1442695040888963407u;
  return static_cast<int64_t>(x);
}

/// How many rounds take a microsecond here.
double rounds_per_us() {
  constexpr int64_t rounds = 20'000'000;
  auto best = std::chrono::duration<double, std::micro>::max();
  for (int i = 0; i < 3; ++i) {
    auto begin = clock::now();
    volatile auto sink = compute(rounds + i);
    (void) sink;
    best = std::min<std::chrono::duration<double, std::micro>>(best, clock::now() - begin);
  }
  return static_cast<double>(rounds) / best.count();
}

int64_t count_of(const length& what) {
  return std::min<int64_t>(tasks_max, work / what.each);
}

run per_second(int64_t count, clock::time_point begin) {
  return {static_cast<double>(count) / std::chrono::duration<double>{clock::now() - begin}.count()};
}

run in_workers(const bulkhead::executor& pool, const length& what, int64_t rounds) {
  auto count = count_of(what);
  auto begin = clock::now();
  std::vector<bulkhead::future<int64_t>> all;
  all.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i)
    all.push_back(pool.submit<&compute>(rounds));
  if (!bulkhead::gather(std::move(all)).get())
    fail("a task failed");
  return per_second(count, begin);
}

run here(const length& what, int64_t rounds) {
  auto count = count_of(what);
  auto begin = clock::now();
  for (int64_t i = 0; i < count; ++i) {
    volatile auto sink = compute(rounds);
    (void) sink;
  }
  return per_second(count, begin);
}

} // namespace

void executor_sizes(report& to) {
  heavy_system ours;
  bulkhead::executor pool{ours.get(), {.workers_min = 2, .workers_max = 2}};
  std::vector<side> sides;
  auto speed = rounds_per_us();
  for (auto& x : lengths) {
    auto rounds = static_cast<int64_t>(speed * std::chrono::duration<double, std::micro>{x.each}.count());
    sides.push_back(
      {std::string{"executor_"} + x.name, "task/s", [&pool, &x, rounds] { return in_workers(pool, x, rounds); }});
    sides.push_back({std::string{"inline_"} + x.name, "task/s", [&x, rounds] { return here(x, rounds); }});
  }
  to.compare(sides);
}

} // namespace bench
