// Catches updates that are seen in part, elements that are torn or lost in one of the two copies, and endless readers.
#include <catch2/catch.hpp>

#include <bulkhead/shm/twin_array.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

using namespace bulkhead::shm;

namespace {

struct alignas(128) line {
  std::byte bytes[128]{};
};

std::vector<line> memory_for(size_t count, size_t element_bytes) {
  return std::vector<line>(twin_layout{count, element_bytes}.bytes() / sizeof(line));
}

template <class Word>
std::vector<Word> all_of(const twin_array_reader<Word>& reader, size_t count) {
  std::vector<Word> result(count);
  REQUIRE(reader.snapshot(0, result));
  return result;
}

} // namespace

TEMPLATE_TEST_CASE("single elements and updates are seen in any order of both", "", uint8_t, uint16_t, uint32_t,
                   uint64_t) {
  constexpr size_t count = 100;
  auto m = memory_for(count, sizeof(TestType));
  twin_array_writer<TestType> writer{m.front().bytes, count};
  twin_array_reader<TestType> reader{m.front().bytes, count};
  std::vector<TestType> expected(count);
  for (size_t round = 0; round < 50; ++round) {
    auto at = round * 7 % count;
    auto value = static_cast<TestType>(round + 100);
    if (round % 3 == 0) {
      writer.set(at, value);
      expected[at] = value;
    } else {
      for (auto i : {at, (at + 1) % count, at}) {
        writer.stage(i, value);
        CHECK(writer.staged(i) == value);
      }
      CHECK(all_of(reader, count) == expected); // nothing is seen yet
      if (round % 3 == 1) {
        writer.abandon();
      } else {
        writer.flip();
        expected[at] = expected[(at + 1) % count] = value;
      }
    }
    CHECK(all_of(reader, count) == expected);
    CHECK(reader.get(at) == expected[at]);
  }
  CHECK(reader.version() == 33); // what was abandoned is no change
}

TEST_CASE("snapshots have all of an update or nothing of it") {
  constexpr size_t count = 64;
  auto m = memory_for(count, 4);
  twin_array_writer<uint32_t> writer{m.front().bytes, count};
  std::atomic<bool> done = false;
  std::atomic<int> torn = 0, back = 0, whole = 0;
  std::thread other{[&] {
    twin_array_reader<uint32_t> reader{m.front().bytes, count};
    std::vector<uint32_t> seen(count);
    uint32_t last = 0;
    while (!done) {
      if (!reader.snapshot(0, seen))
        continue; // allowed against a writer that never pauses
      ++whole;
      torn += std::any_of(seen.begin(), seen.end(), [&](auto x) { return x != seen[0]; });
      back += seen[0] < last;
      last = seen[0];
    }
  }};
  for (uint32_t i = 1; i <= 20'000 || whole < 3; ++i) {
    for (size_t j = 0; j < count; ++j)
      writer.stage(j, i);
    writer.flip();
    if (i % 100 == 0)
      std::this_thread::yield();
  }
  done = true;
  other.join();
  CHECK(torn == 0);
  CHECK(back == 0);
}

TEST_CASE("a writer that stopped in the middle of an update leaves the array before it") {
  constexpr size_t count = 8;
  auto m = memory_for(count, 8);
  twin_array_reader<uint64_t> reader{m.front().bytes, count};
  {
    twin_array_writer<uint64_t> writer{m.front().bytes, count};
    for (size_t i = 0; i < count; ++i)
      writer.set(i, 1);
    for (size_t i = 0; i < 5; ++i)
      writer.stage(i, 2); // and no flip
  }
  CHECK(all_of(reader, count) == std::vector<uint64_t>(count, 1));
}

TEST_CASE("an array in memory that holds anything is read without harm") {
  auto m = memory_for(10, 2);
  twin_array_reader<uint16_t> reader{m.front().bytes, 10};
  for (auto fill : {0x00, 0x01, 0x5a, 0xff}) {
    std::memset(static_cast<void*>(m.data()), fill, m.size() * sizeof(line));
    std::vector<uint16_t> seen(10);
    CHECK(reader.snapshot(0, seen)); // any bytes are elements
    CHECK(seen[9] == fill * 0x101);
    CHECK(reader.get(9) == seen[9]);
  }
}
