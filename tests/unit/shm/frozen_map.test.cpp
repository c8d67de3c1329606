// Catches keys that are not found, and foreign bytes that lead a reader out of its memory.
#include <catch2/catch.hpp>

#include <bulkhead/shm/frozen_map.hpp>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

using bulkhead::shm::frozen_map;

namespace {

/// Exactly as large as it must be, so that a sanitizer notices any access behind it.
struct table {
  explicit table(std::vector<frozen_map::item> items) {
    REQUIRE(frozen_map::sort(items));
    size = frozen_map::bytes_for(items);
    bytes = std::make_unique<std::byte[]>(size);
    frozen_map::write(items, {bytes.get(), size});
  }

  [[nodiscard]] std::span<std::byte> span() const {
    return {bytes.get(), size};
  }

  std::unique_ptr<std::byte[]> bytes;
  size_t size = 0;
};

/// Reads all that can be read.
size_t touch(const frozen_map& map) {
  size_t sum = 0;
  for (size_t i = 0; i < map.size(); ++i) {
    auto [key, value] = map.at(i);
    for (auto c : value)
      sum += static_cast<unsigned char>(c);
    sum += map.find(key).has_value();
  }
  return sum;
}

} // namespace

TEST_CASE("every key of a map is found with its value, and no other") {
  for (size_t count : {0, 1, 2, 3, 10, 1000}) {
    CAPTURE(count);
    std::vector<std::string> keys;
    for (size_t i = 0; i < count; ++i)
      keys.push_back("key " + std::to_string(i * 7919 % 1009));
    std::vector<frozen_map::item> items;
    for (auto& key : keys)
      items.emplace_back(key, std::string_view{key}.substr(4));
    table t{items};
    auto map = frozen_map::open(t.span());
    REQUIRE(map);
    CHECK(map->size() == count);
    for (auto& key : keys)
      CHECK(map->find(key) == key.substr(4));
    for (auto missing : {"", "key", "key ", "key 5000", "zzz", "Key 1"})
      CHECK_FALSE(map->find(missing));
  }
}

TEST_CASE("keys and values may be empty or hold any byte, and values are aligned") {
  using namespace std::literals;
  table t{{{""sv, "of nothing"sv}, {"\0a\xff"sv, "\0\0"sv}, {"x"sv, ""sv}}};
  auto map = frozen_map::open(t.span());
  REQUIRE(map);
  CHECK(map->find("") == "of nothing");
  CHECK(map->find("\0a\xff"sv) == "\0\0"sv);
  CHECK(map->find("x") == "");
  for (size_t i = 0; i < map->size(); ++i)
    CHECK((map->at(i).second.data() - reinterpret_cast<const char*>(t.bytes.get())) % 8 == 0);
}

TEST_CASE("two values for one key are refused") {
  std::vector<frozen_map::item> items{{"a", "1"}, {"b", "2"}, {"a", "3"}};
  CHECK_FALSE(frozen_map::sort(items));
}

TEST_CASE("a map that was cut off is refused") {
  table t{{{"one", "1"}, {"two", "2"}, {"three", "3"}}};
  for (size_t size = 0; size < t.size; ++size) {
    auto exact = std::make_unique<std::byte[]>(size + 1);
    std::memcpy(exact.get(), t.bytes.get(), size);
    CHECK_FALSE(frozen_map::open({exact.get(), size}));
  }
}

TEST_CASE("lying offsets and sizes, a wrong order and a wrong count are refused") {
  auto spoiled = [](size_t offset, uint64_t value) {
    table t{{{"a", "1"}, {"b", "2"}}};
    std::memcpy(t.bytes.get() + offset, &value, sizeof(value));
    return frozen_map::open(t.span()).has_value();
  };
  for (size_t entry : {16, 48})
    for (size_t field : {0, 8, 16, 24})
      for (uint64_t value : {uint64_t{1000}, uint64_t{1} << 40, ~uint64_t{0}, ~uint64_t{7}})
        CHECK_FALSE(spoiled(entry + field, value));
  for (uint64_t count : {uint64_t{3}, uint64_t{1} << 59, ~uint64_t{0}})
    CHECK_FALSE(spoiled(8, count));
  CHECK_FALSE(spoiled(0, 7));      // magic
  CHECK_FALSE(spoiled(48 + 8, 0)); // the second key is less than the first
  CHECK(spoiled(48 + 8, 1));       // as it was
}

TEST_CASE("a map of flipped bits is refused, or read within its memory") {
  std::minstd_rand random{7};
  size_t refused = 0, accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    table t{{{"alpha", "one"}, {"beta", "two"}, {"gamma", "three"}, {"delta", ""}}};
    for (auto flips = random() % 4 + 1; flips > 0; --flips)
      t.bytes[random() % t.size] ^= static_cast<std::byte>(1u << random() % 8);
    if (auto map = frozen_map::open(t.span())) {
      (void) touch(*map);
      ++accepted;
    } else {
      ++refused;
    }
  }
  CHECK(refused > 0);
  CHECK(accepted > 0);
}
