// Catches a combination of futures that forgets one, mixes up their order, or hangs when one of them fails.
#include "tasks.hpp"

#include <bulkhead/gather.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <tuple>
#include <variant>

using namespace test_support;
using bulkhead::errc;
using namespace std::chrono_literals;

TEST_CASE("gather gives all values in order, or the first error") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  std::vector<bulkhead::future<int32_t>> all;
  for (int32_t i = 0; i < 100; ++i)
    all.push_back(pool.submit<&tasks::square>(i));
  auto values = bulkhead::gather(all).get();
  REQUIRE(values);
  for (int32_t i = 0; i < 100; ++i)
    CHECK(values->at(static_cast<size_t>(i)) == i * i);
  all.push_back(pool.submit<&tasks::throw_out_of_range>(1));
  CHECK(bulkhead::gather(all).get().error() == errc::task_failed);
  CHECK(bulkhead::gather(std::vector<bulkhead::future<int32_t>>{}).get()->empty());
  CHECK(bulkhead::wait_all(all).get());
}

namespace {

/// Neither of a default constructor nor of a type that travels.
class ticket {
public:
  explicit ticket(int32_t number) : number_(number) {
    // nop
  }

  bool operator==(const ticket&) const = default;

private:
  int32_t number_;
};

} // namespace

TEST_CASE("futures of several types are gathered into a tuple, in which nothing has a place as well") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  auto stamp = std::make_shared<bulkhead::runtime::outcome<ticket>>();
  auto all =
    bulkhead::gather(pool.submit<&tasks::square>(3), pool.submit<&tasks::leave_trace>("/dev/null"),
                     bulkhead::future<ticket>{stamp}, pool.submit([](const std::string& x) { return x + "!"; }, "a"));
  CHECK(all.wait_for(std::chrono::nanoseconds{0}).error() == caf::sec::request_timeout);
  stamp->set(ticket{7});
  auto values = all.get();
  REQUIRE(values);
  CHECK(*values == std::tuple{int32_t{9}, std::monostate{}, ticket{7}, std::string{"a!"}});
  CHECK(bulkhead::gather(pool.submit<&tasks::square>(2)).get() == std::tuple{int32_t{4}});
  auto failed = bulkhead::gather(pool.submit<&tasks::square>(3), pool.submit<&tasks::throw_out_of_range>(1));
  CHECK(failed.get().error() == errc::task_failed);
}

TEST_CASE("tasks that give nothing are gathered, and the first error is that of all") {
  host_fixture f;
  scratch_file trace;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  std::vector<bulkhead::future<void>> all;
  for (int i = 0; i < 10; ++i)
    all.push_back(pool.submit<&tasks::leave_trace>(trace.path()));
  CHECK(bulkhead::gather(all).get());
  CHECK(trace.size() == 10);
  all.push_back(pool.submit([] { throw std::out_of_range{"none"}; }));
  CHECK(bulkhead::gather(all).get().error() == errc::task_failed);
  CHECK(bulkhead::gather(std::vector<bulkhead::future<void>>{}).get());
}

TEST_CASE("a gathering that is cancelled cancels its tasks") {
  host_fixture f;
  gate door;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  std::vector<bulkhead::future<int32_t>> all;
  for (int32_t i = 0; i < 10; ++i)
    all.push_back(pool.submit<&tasks::wait_at>(door.path(), i));
  auto together = bulkhead::gather(all);
  CHECK(together.cancel());
  CHECK(together.get().error() == errc::cancelled);
  for (auto& x : all)
    CHECK(x.get().error() == errc::cancelled);
  auto number = pool.submit<&tasks::wait_at>(door.path(), 1);
  auto nothing = pool.submit([](const std::string& path) { tasks::wait_at(path, 1); }, door.path());
  CHECK(bulkhead::gather(number, nothing).cancel());
  CHECK(number.get().error() == errc::cancelled);
  CHECK(nothing.get().error() == errc::cancelled);
}

TEST_CASE("the first of several futures is found, and all in the order of their ends") {
  host_fixture f;
  gate door;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  std::vector<bulkhead::future<int32_t>> all{pool.submit<&tasks::wait_at>(door.path(), 1),
                                             pool.submit<&tasks::square>(3)};
  CHECK(bulkhead::first_completed(all).get() == 1);
  auto ordered = bulkhead::as_completed(all);
  CHECK(ordered[0].get() == 9);
  CHECK_FALSE(ordered[1].ready());
  door.open();
  CHECK(ordered[1].get() == 1);
  CHECK(bulkhead::first_completed(std::vector<bulkhead::future<int32_t>>{}).get().error()
        == caf::sec::invalid_argument);
}

TEST_CASE("a task that takes longer than its timeout is cancelled") {
  host_fixture f;
  scratch_file begun;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto hanging = pool.submit<&tasks::hang>(begun.path());
  CHECK(bulkhead::with_timeout(f.sys, hanging, 1ms).get().error() == caf::sec::request_timeout);
  CHECK(hanging.get().error() == errc::cancelled);
  CHECK(bulkhead::with_timeout(f.sys, pool.submit<&tasks::square>(3), patience).get() == 9);
  CHECK(bulkhead::with_timeout(f.sys, pool.submit<&tasks::square>(3), std::chrono::nanoseconds::max()).get() == 9);
}
