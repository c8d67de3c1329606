// How many small functions a second run on two worker processes when all are submitted at once, and how long does a lone one
// take, from an actor and back to it, without an argument to speak of and with one of 1 MiB? Beside it Python's run_in_executor, and
// a pool of threads in this process.
#include "measurements.hpp"
#include "systems.hpp"

#include <bulkhead/gather.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bench {

namespace {

using clock = std::chrono::steady_clock;

constexpr int64_t tasks = 100'000;
constexpr int64_t lone_tasks = 20'000;
constexpr int64_t large_tasks = 2'000;

int64_t same(int64_t x) {
  return x;
}

uint64_t size_of(const bulkhead::bytes& x) {
  return x.size();
}

double per_second(int64_t count, clock::time_point begin) {
  return static_cast<double>(count) / std::chrono::duration<double>{clock::now() - begin}.count();
}

run gathered(const bulkhead::executor& pool) {
  auto begin = clock::now();
  std::vector<bulkhead::future<int64_t>> all;
  all.reserve(tasks);
  for (int64_t i = 0; i < tasks; ++i)
    all.push_back(pool.submit<&same>(i));
  if (!bulkhead::gather(std::move(all)).get())
    fail("a task failed");
  return {per_second(tasks, begin)};
}

run gathered_by_threads() {
  boost::asio::thread_pool pool{2};
  auto begin = clock::now();
  std::vector<std::future<int64_t>> all;
  all.reserve(tasks);
  for (int64_t i = 0; i < tasks; ++i) {
    std::packaged_task<int64_t()> task{[i] { return same(i); }};
    all.push_back(task.get_future());
    boost::asio::post(pool, std::move(task));
  }
  for (auto& x : all)
    x.get();
  return {per_second(tasks, begin)};
}

struct series {
  std::vector<double> samples_ns;
  clock::time_point begun;
};

template <class Submit>
void next_round(caf::event_based_actor* self, int64_t rounds, const Submit& submit,
                const std::shared_ptr<series>& into) {
  into->begun = clock::now();
  submit().then(self, [=](const auto&) {
    into->samples_ns.push_back(std::chrono::duration<double, std::nano>{clock::now() - into->begun}.count());
    if (into->samples_ns.size() < static_cast<size_t>(rounds))
      next_round(self, rounds, submit, into);
    else
      self->quit();
  });
}

template <class Submit>
run alone(caf::actor_system& system, int64_t rounds, double unit_ns, const Submit& submit) {
  caf::scoped_actor self{system};
  auto samples = std::make_shared<series>();
  self->wait_for(system.spawn([=](caf::event_based_actor* me) { next_round(me, rounds, submit, samples); }));
  return of_latencies(std::move(samples->samples_ns), unit_ns);
}

constexpr const char* python_program = R"(
import asyncio, concurrent.futures, time
def same(x): return x
async def main():
    loop = asyncio.get_running_loop()
    with concurrent.futures.ProcessPoolExecutor(max_workers=2) as ex:
        await loop.run_in_executor(ex, same, 1)
        n = 1000; t = time.perf_counter()
        for i in range(n): await loop.run_in_executor(ex, same, i)
        rtt = (time.perf_counter() - t) / n * 1e9
        n = 5000; t = time.perf_counter()
        await asyncio.gather(*[loop.run_in_executor(ex, same, i) for i in range(n)])
        gathered = n / (time.perf_counter() - t)
        data = bytes(1 << 20); n = 200; t = time.perf_counter()
        for i in range(n): await loop.run_in_executor(ex, len, data)
        print(gathered, rtt, (time.perf_counter() - t) / n * 1e6)
asyncio.run(main())
)";

struct python_figures {
  double per_second = 0;
  double rtt_ns = 0;
  double rtt_1MiB_us = 0;
};

/// All 0 without Python.
python_figures python() {
  python_figures result;
  auto command = std::string{"python3 -c '"} + python_program + "' 2>/dev/null";
  if (auto pipe = ::popen(command.c_str(), "r")) {
    if (std::fscanf(pipe, "%lf %lf %lf", &result.per_second, &result.rtt_ns, &result.rtt_1MiB_us) != 3)
      result = {};
    ::pclose(pipe);
  }
  return result;
}

} // namespace

void executor(report& to) {
  heavy_system ours;
  bulkhead::executor pool{ours.get(), {.workers_min = 2, .workers_max = 2}};
  bulkhead::executor one{ours.get(), {.workers_min = 1, .workers_max = 1}};
  python_figures of_python;
  bulkhead::bytes large{caf::byte_buffer(size_t{1} << 20)};
  std::vector<side> sides{
    {"executor", "task/s", [&] { return gathered(pool); }},
    {"thread_pool", "task/s", [] { return gathered_by_threads(); }},
    {"executor_rtt", "ns",
     [&] { return alone(ours.get(), lone_tasks, 1, [one] { return one.submit<&same>(int64_t{1}); }); }},
    {"executor_1MiB", "us",
     [&] { return alone(ours.get(), large_tasks, 1000, [one, large] { return one.submit<&size_of>(large); }); }},
  };
  if (python().per_second > 0) {
    sides.push_back({"py_run_in_executor_throughput", "task/s", [&] {
                       of_python = python();
                       return run{of_python.per_second};
                     }});
    sides.push_back({"py_run_in_executor_rtt", "ns", [&] { return run{of_python.rtt_ns}; }});
    sides.push_back({"py_run_in_executor_1MiB", "us", [&] { return run{of_python.rtt_1MiB_us}; }});
  }
  to.compare(sides);
}

} // namespace bench
