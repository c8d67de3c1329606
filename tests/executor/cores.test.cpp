// Catches as many workers as the machine has cores although this process may not use them.
#include "tasks.hpp"

#include "support/stage.hpp"

#include <bulkhead/runtime/pool_options.hpp>

#include <catch2/catch.hpp>

#include <thread>
#include <vector>

#include <sched.h>

using namespace bulkhead;
using test_support::host_fixture;

namespace {

// Runs `what` on a thread that may use one core.
template <class F>
void on_one_core(F what) {
  std::thread{[&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(::sched_getcpu()), &one);
    ::sched_setaffinity(0, sizeof one, &one);
    what();
  }}.join();
}

} // namespace

TEST_CASE("an executor and a pool have one worker by default where one core may be used") {
  host_fixture here;
  test_support::gate gate;
  size_t workers = 0;
  pool_options of_pool;
  std::vector<future<int32_t>> all;
  on_one_core([&] {
    executor pool{here.sys};
    for (int i = 0; i < 4; ++i)
      all.push_back(pool.submit<&tasks::wait_at>(gate.path(), i));
    workers = pool.workers();
    of_pool = complete({}, "actor");
  });
  gate.open();
  for (auto& x : all)
    CHECK(static_cast<bool>(x.get()));
  CHECK(workers == 1);
  CHECK(of_pool.workers_max == 1);
}
