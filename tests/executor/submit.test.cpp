// Catches a function that does not reach another process, and a result, an error or an exception that does not come back.
#include "tasks.hpp"

#include <catch2/catch.hpp>

#include <numeric>

#include <unistd.h>

using namespace test_support;

namespace {

std::string join(std::vector<int32_t> numbers, const std::string& separator) {
  std::string result;
  for (auto x : numbers)
    result += (result.empty() ? "" : separator) + std::to_string(x);
  return result;
}

caf::expected<int32_t> half(int32_t x) {
  if (x % 2 != 0)
    return caf::make_error(caf::sec::invalid_argument, "odd");
  return x / 2;
}

caf::expected<void> only_even(int32_t x) {
  if (x % 2 != 0)
    return caf::make_error(caf::sec::invalid_argument, "odd");
  return {};
}

caf::result<int32_t> twice(int32_t x) {
  if (x < 0)
    return caf::make_error(caf::sec::invalid_argument);
  return x * 2;
}

void throw_number() {
  throw 7;
}

uint64_t sum_of(const bulkhead::bytes& data) {
  return std::accumulate(data.data(), data.data() + data.size(), uint64_t{0},
                         [](uint64_t sum, auto x) { return sum + static_cast<uint64_t>(x); });
}

bulkhead::bytes same(const bulkhead::bytes& data) {
  return data;
}

unreadable broken_result() {
  return {};
}

std::vector<int32_t> many(int32_t count) {
  return std::vector<int32_t>(static_cast<size_t>(count), 1);
}

struct offset {
  int32_t operator()(int32_t x) const noexcept {
    return x + 1000;
  }
};

} // namespace

TEST_CASE("a function runs in another process and its result comes back") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  CHECK(pool.submit<&tasks::square>(7).get() == 49);
  auto there = pool.submit<&tasks::process_id>().get();
  REQUIRE(there);
  CHECK(*there != ::getpid());
  CHECK(pool.submit<&join>(std::vector<int32_t>{1, 2, 3}, "-").get() == std::string{"1-2-3"});
  CHECK(pool.submit<&tasks::leave_trace>("/dev/null").get());
}

TEST_CASE("function objects without captures are functions too") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  CHECK(pool.submit([](int32_t x, int32_t y) { return x - y; }, 9, 2).get() == 7);
  CHECK(pool.submit([](int32_t x, int32_t y) { return x + y; }, 9, 2).get() == 11);
  CHECK(pool.submit(offset{}, 1).get() == 1001);
}

TEST_CASE("a function's expected and result arrive as value or error") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  CHECK(pool.submit<&half>(8).get() == 4);
  CHECK(pool.submit<&half>(7).get().error() == caf::make_error(caf::sec::invalid_argument, "odd"));
  CHECK(pool.submit<&only_even>(8).get());
  CHECK(pool.submit<&only_even>(7).get().error() == caf::sec::invalid_argument);
  CHECK(pool.submit<&twice>(4).get() == 8);
  CHECK(pool.submit<&twice>(-4).get().error() == caf::sec::invalid_argument);
}

TEST_CASE("an exception arrives with its type and its text, and the worker goes on") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  auto before = pool.submit<&tasks::process_id>().get();
  auto thrown = pool.submit<&tasks::throw_out_of_range>(3).get();
  REQUIRE_FALSE(thrown);
  CHECK(thrown.error() == caf::make_error(bulkhead::errc::task_failed, "std::out_of_range: no 3"));
  CHECK(pool.submit<&throw_number>().get().error() == caf::make_error(bulkhead::errc::task_failed, "int"));
  CHECK(pool.submit<&tasks::process_id>().get() == before);
}

TEST_CASE("payloads of tasks are lent in both directions") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  bulkhead::bytes data{caf::byte_buffer(size_t{1} << 20, caf::byte{1})};
  CHECK(pool.submit<&sum_of>(data).get() == uint64_t{1} << 20);
  auto back = pool.submit<&same>(data).get();
  REQUIRE(back);
  CHECK(back->size() == data.size());
  CHECK(bulkhead::payloads_of(f.sys).reserved_bytes > 0);
}

TEST_CASE("a result that cannot be read is an error, alone and among others") {
  host_fixture f;
  gate door;
  bulkhead::executor pool{f.sys, {.workers_max = 1}};
  CHECK_FALSE(pool.submit<&broken_result>().get());
  auto held = pool.submit<&tasks::wait_at>(door.path(), 1);
  std::vector<bulkhead::future<unreadable>> broken;
  std::vector<bulkhead::future<int32_t>> whole;
  for (int32_t i = 0; i < 200; ++i) {
    broken.push_back(pool.submit<&broken_result>());
    whole.push_back(pool.submit<&tasks::square>(i));
  }
  door.open();
  CHECK(held.get() == 1);
  for (int32_t i = 0; i < 200; ++i) {
    CHECK_FALSE(broken[static_cast<size_t>(i)].get());
    CHECK(whole[static_cast<size_t>(i)].get() == i * i);
  }
}

TEST_CASE("results that are larger than the mailbox come back whole and in time") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2, .worker = {.mailbox_bytes = 16384}}};
  std::vector<bulkhead::future<std::vector<int32_t>>> all;
  for (int32_t i = 0; i < 100; ++i)
    all.push_back(pool.submit<&many>(20'000));
  for (auto& x : all)
    CHECK(x.get()->size() == 20'000);
}

TEST_CASE("arguments that exceed the limit for messages are refused, and what was sent with them is not") {
  host_fixture f;
  gate door;
  bulkhead::executor pool{f.sys, {.workers_max = 1, .worker = {.message_bytes_max = 100'000}}};
  auto held = pool.submit<&tasks::wait_at>(door.path(), 1);
  std::vector<bulkhead::future<std::string>> large;
  std::vector<bulkhead::future<int32_t>> small;
  for (int32_t i = 0; i < 100; ++i) {
    large.push_back(pool.submit<&join>(std::vector<int32_t>(100'000), ","));
    small.push_back(pool.submit<&tasks::square>(i));
  }
  door.open();
  CHECK(held.get() == 1);
  for (auto& x : large)
    CHECK(x.get().error() == bulkhead::errc::message_too_large);
  for (int32_t i = 0; i < 100; ++i)
    CHECK(small[static_cast<size_t>(i)].get() == i * i);
}

TEST_CASE("many threads submit at once and each gets its own results") {
  host_fixture f;
  bulkhead::executor pool{f.sys, {.workers_max = 2}};
  std::atomic<int32_t> wrong = 0;
  std::vector<std::thread> threads;
  for (int32_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::vector<bulkhead::future<int32_t>> mine;
      for (int32_t i = 0; i < 1000; ++i)
        mine.push_back(pool.submit<&tasks::square>(t * 1000 + i));
      for (int32_t i = 0; i < 1000; ++i)
        wrong += mine[static_cast<size_t>(i)].get() != (t * 1000 + i) * (t * 1000 + i);
    });
  for (auto& x : threads)
    x.join();
  CHECK(wrong == 0);
  CHECK(pool.unfinished() == 0);
}
