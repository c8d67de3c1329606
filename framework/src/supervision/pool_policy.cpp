#include "bulkhead/supervision/pool_policy.hpp"

#include <algorithm>

namespace bulkhead::supervision {

namespace {

// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
uint64_t mixed(uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

} // namespace

std::optional<size_t> least_loaded(std::span<const member_load> all, size_t taken_max) noexcept {
  std::optional<size_t> best;
  for (size_t i = 0; i < all.size(); ++i)
    if (all[i].takes && all[i].taken < (best ? all[*best].taken : taken_max))
      best = i;
  return best;
}

std::optional<size_t> next_in_turn(std::span<const member_load> all, size_t last, size_t taken_max) noexcept {
  for (size_t step = 1; step <= all.size(); ++step) {
    auto i = (last + step) % all.size();
    if (all[i].takes && all[i].taken < taken_max)
      return i;
  }
  return std::nullopt;
}

size_t rendezvous(uint64_t key, std::span<const uint32_t> members) noexcept {
  auto weight = [hash = mixed(key + 0x9e3779b97f4a7c15)](uint32_t member) {
    return mixed(hash ^ mixed(uint64_t{member} + 1));
  };
  auto heavier = [&](uint32_t x, uint32_t y) { return weight(x) < weight(y); };
  return static_cast<size_t>(std::max_element(members.begin(), members.end(), heavier) - members.begin());
}

size_t surplus(size_t members, size_t members_min, size_t peak) noexcept {
  auto needed = std::max({members_min, peak, size_t{1}});
  return members > needed ? members - needed : 0;
}

} // namespace bulkhead::supervision
