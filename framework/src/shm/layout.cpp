#include "bulkhead/shm/layout.hpp"

#include <bit>

namespace bulkhead::shm {

namespace {

constexpr uint32_t kib = 1024;
constexpr uint32_t mib = 1024 * kib;
constexpr uint32_t ring_bytes_min = 4 * kib;
constexpr uint32_t data_bytes_max = 1024 * mib;
constexpr uint32_t control_bytes_max = 16 * mib;

bool valid_ring(uint32_t bytes, uint32_t bytes_max) noexcept {
  return std::has_single_bit(bytes) && bytes >= ring_bytes_min && bytes <= bytes_max;
}

} // namespace

bool valid(geometry rings) noexcept {
  return valid_ring(rings.data_bytes, data_bytes_max) && valid_ring(rings.control_bytes, control_bytes_max);
}

size_t region_bytes(geometry rings) noexcept {
  return header_bytes + size_t{rings.data_bytes} + size_t{rings.control_bytes} + black_box_bytes + lapse_board_bytes;
}

bool check(const std::byte* region, size_t bytes, geometry rings) noexcept {
  if (region == nullptr || reinterpret_cast<uintptr_t>(region) % line_bytes != 0)
    return false;
  if (!valid(rings) || bytes < region_bytes(rings))
    return false;
  const volatile auto* header = header_of(region);
  return header->magic == layout_magic && header->version == layout_version
         && header->rings.data_bytes == rings.data_bytes && header->rings.control_bytes == rings.control_bytes;
}

lane_positions consumed_by(const std::byte* own_region) noexcept {
  auto* header = header_of(own_region);
  // Relaxed: words that only the calling process writes.
  return {header->consumed[index_of(lane_id::data)].load(std::memory_order_relaxed),
          header->consumed[index_of(lane_id::control)].load(std::memory_order_relaxed)};
}

} // namespace bulkhead::shm
