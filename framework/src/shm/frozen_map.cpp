#include "bulkhead/shm/frozen_map.hpp"

#include <algorithm>
#include <cstring>

namespace bulkhead::shm {

namespace {

struct header {
  uint64_t magic;
  uint64_t entries;
};

struct entry {
  uint64_t key_offset;
  uint64_t key_bytes;
  uint64_t value_offset;
  uint64_t value_bytes;
};

static_assert(sizeof(header) == 16 && sizeof(entry) == 32);

constexpr uint64_t frozen_magic = 0x31'70'61'6d'5f'68'6b'62; // "bkh_map1"

entry entry_at(const std::byte* memory, size_t index) noexcept {
  entry result;
  std::memcpy(&result, memory + sizeof(header) + index * sizeof(entry), sizeof(result));
  return result;
}

bool within(uint64_t offset, uint64_t bytes, size_t limit) noexcept {
  return offset <= limit && bytes <= limit - offset;
}

std::string_view text_at(const std::byte* memory, uint64_t offset, uint64_t bytes) noexcept {
  return {reinterpret_cast<const char*>(memory + offset), bytes};
}

std::string_view key_of(const std::byte* memory, const entry& x) noexcept {
  return text_at(memory, x.key_offset, x.key_bytes);
}

size_t aligned(size_t offset) noexcept {
  return (offset + 7) / 8 * 8;
}

size_t end_of_entries(size_t count) noexcept {
  return sizeof(header) + count * sizeof(entry);
}

} // namespace

std::optional<frozen_map> frozen_map::open(std::span<const std::byte> memory) noexcept {
  header head;
  if (memory.size() < sizeof(head))
    return std::nullopt;
  std::memcpy(&head, memory.data(), sizeof(head));
  if (head.magic != frozen_magic || head.entries > (memory.size() - sizeof(head)) / sizeof(entry))
    return std::nullopt;
  std::string_view last;
  for (size_t i = 0; i < head.entries; ++i) {
    auto x = entry_at(memory.data(), i);
    if (!within(x.key_offset, x.key_bytes, memory.size()) || !within(x.value_offset, x.value_bytes, memory.size()))
      return std::nullopt;
    auto key = key_of(memory.data(), x);
    if (i > 0 && !(last < key))
      return std::nullopt;
    last = key;
  }
  return frozen_map{memory.data(), static_cast<size_t>(head.entries)};
}

bool frozen_map::sort(std::vector<item>& items) {
  auto key_less = [](const item& x, const item& y) { return x.first < y.first; };
  auto same_key = [](const item& x, const item& y) { return x.first == y.first; };
  std::sort(items.begin(), items.end(), key_less);
  return std::adjacent_find(items.begin(), items.end(), same_key) == items.end();
}

size_t frozen_map::bytes_for(std::span<const item> items) noexcept {
  auto result = end_of_entries(items.size());
  for (auto& [key, value] : items)
    result = aligned(result + key.size()) + value.size();
  return result;
}

void frozen_map::write(std::span<const item> items, std::span<std::byte> memory) noexcept {
  header head{frozen_magic, items.size()};
  std::memcpy(memory.data(), &head, sizeof(head));
  auto offset = end_of_entries(items.size());
  auto append = [&](std::string_view text) {
    if (!text.empty())
      std::memcpy(memory.data() + offset, text.data(), text.size());
    offset += text.size();
    return offset - text.size();
  };
  for (size_t i = 0; i < items.size(); ++i) {
    entry x{append(items[i].first), items[i].first.size(), 0, items[i].second.size()};
    offset = aligned(offset);
    x.value_offset = append(items[i].second);
    std::memcpy(memory.data() + sizeof(header) + i * sizeof(entry), &x, sizeof(x));
  }
}

std::optional<std::string_view> frozen_map::find(std::string_view key) const noexcept {
  size_t first = 0;
  for (auto last = size_; first < last;) {
    auto middle = first + (last - first) / 2;
    auto x = entry_at(memory_, middle);
    auto order = key_of(memory_, x).compare(key);
    if (order == 0)
      return text_at(memory_, x.value_offset, x.value_bytes);
    if (order < 0)
      first = middle + 1;
    else
      last = middle;
  }
  return std::nullopt;
}

frozen_map::item frozen_map::at(size_t index) const noexcept {
  auto x = entry_at(memory_, index);
  return {key_of(memory_, x), text_at(memory_, x.value_offset, x.value_bytes)};
}

} // namespace bulkhead::shm
