// Catches values that are torn, that go back in time, that wait for a dead writer, and readers that a mad one keeps for ever.
#include <catch2/catch.hpp>

#include <bulkhead/shm/value_slots.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

using bulkhead::shm::value_layout;
using bulkhead::shm::value_reader;
using bulkhead::shm::value_writer;

namespace {

struct alignas(128) slot_line {
  std::byte bytes[128]{};
};

/// Memory as a file gives it: zero.
struct memory {
  explicit memory(value_layout layout) : lines(layout.bytes() / sizeof(slot_line)) {}

  std::byte* data() {
    return lines.front().bytes;
  }

  std::vector<slot_line> lines;
};

/// Its parts differ when it is torn.
template <size_t Words>
using parts = std::array<uint64_t, Words>;

template <size_t Words>
void readers_see_whole_values_in_order(uint64_t stores) {
  constexpr value_layout layout{sizeof(parts<Words>)};
  memory m{layout};
  value_writer writer{m.data(), layout};
  parts<Words> value{};
  writer.store(&value);
  std::atomic<bool> done = false;
  std::atomic<int> torn = 0, back = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i)
    readers.emplace_back([&] {
      value_reader reader{m.data(), layout};
      parts<Words> seen{};
      uint64_t last = 0, last_version = 0;
      while (!done) {
        auto version = reader.load(&seen);
        if (!version)
          continue; // allowed against a writer that never pauses
        torn += std::any_of(seen.begin(), seen.end(), [&](auto x) { return x != seen[0]; });
        back += seen[0] < last || *version < last_version || *version != seen[0] + 1;
        last = seen[0];
        last_version = *version;
      }
    });
  for (uint64_t i = 1; i <= stores; ++i) {
    value.fill(i);
    writer.store(&value);
  }
  done = true;
  for (auto& x : readers)
    x.join();
  CHECK(torn == 0);
  CHECK(back == 0);
  parts<Words> last{};
  CHECK(value_reader{m.data(), layout}.load(&last) == stores + 1);
  CHECK(last == value);
}

} // namespace

TEST_CASE("a value of any size is read as it was stored") {
  for (size_t bytes : {1, 7, 8, 9, 4096, 4097, 100'000}) {
    CAPTURE(bytes);
    value_layout layout{bytes};
    memory m{layout};
    value_writer writer{m.data(), layout};
    value_reader reader{m.data(), layout};
    for (int i = 1; i <= 40; ++i) {
      std::vector<std::byte> value(bytes, static_cast<std::byte>(i)), read(bytes);
      CHECK(writer.store(value.data()) == static_cast<uint64_t>(i));
      CHECK(reader.load(read.data()) == static_cast<uint64_t>(i));
      CHECK(reader.version() == static_cast<uint64_t>(i));
      CHECK(read == value);
    }
  }
}

TEST_CASE("the slots of a value do not overlap and fill the memory") {
  for (size_t bytes : {1, 120, 121, 4096, 4097, 1 << 20}) {
    value_layout layout{bytes};
    CHECK(layout.stride() >= 8 + bytes);
    CHECK(layout.stride() % value_layout::line == 0);
    CHECK(layout.bytes() == value_layout::line + layout.slots() * layout.stride());
  }
}

TEST_CASE("readers see whole values in order while a writer stores without pause") {
  readers_see_whole_values_in_order<1>(200'000);
  readers_see_whole_values_in_order<40>(50'000);
  readers_see_whole_values_in_order<1000>(2'000);
}

TEST_CASE("a writer that stopped in the middle of a store leaves the value before") {
  value_layout layout{80};
  memory m{layout};
  value_writer writer{m.data(), layout};
  std::array<uint64_t, 10> value, read;
  for (uint64_t i = 1; i <= 3; ++i) {
    value.fill(i);
    writer.store(value.data());
  }
  auto before = m.lines;
  value.fill(4);
  writer.store(value.data());
  auto after = m.lines;
  // Whatever part of the store was done, in the order in which it is done.
  auto words = [](std::vector<slot_line>& x) { return reinterpret_cast<uint64_t*>(x.front().bytes); };
  auto slot = (value_layout::line + 4 % layout.slots() * layout.stride()) / 8;
  m.lines = before;
  auto expect = [&](uint64_t version) {
    CHECK(value_reader{m.data(), layout}.load(read.data()) == version);
    CHECK(std::all_of(read.begin(), read.end(), [&](auto x) { return x == version; }));
  };
  words(m.lines)[slot] = 7;
  expect(3);
  for (size_t i = 1; i <= 10; ++i) {
    words(m.lines)[slot + i] = words(after)[slot + i];
    expect(3);
  }
  words(m.lines)[slot] = 8;
  expect(3);
  words(m.lines)[0] = 4;
  expect(4);
}

TEST_CASE("memory that no honest writer leaves makes a reader give up and not hang") {
  value_layout layout{24};
  memory m{layout};
  auto words = reinterpret_cast<uint64_t*>(m.data());
  std::array<uint64_t, 3> read;
  value_reader reader{m.data(), layout};
  CHECK_FALSE(reader.load(read.data())); // never stored
  for (auto fill : {0x01, 0x5b, 0xff}) {
    std::memset(m.data(), fill, layout.bytes());
    CHECK_FALSE(reader.load(read.data()));
  }
  std::memset(m.data(), 0, layout.bytes());
  for (uint64_t latest : {uint64_t{1}, uint64_t{1} << 40, ~uint64_t{0}}) {
    words[0] = latest;
    CHECK_FALSE(reader.load(read.data()));
  }
}
