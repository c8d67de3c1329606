#pragma once

#include "bulkhead/shm/lane_reader.hpp"
#include "bulkhead/shm/lane_writer.hpp"

#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace bulkhead::shm::test {

constexpr geometry small{4096, 4096};

/// A region as two processes see it: mapped writable and once more read-only, each between two pages that nobody may touch.
/// One byte outside, or one byte written through the foreign view, ends the test program.
class guarded_region {
public:
  explicit guarded_region(geometry rings, start_positions start = {}) : bytes_(region_bytes(rings)) {
    int fd = memfd_create("bulkhead-test-region", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, static_cast<off_t>(bytes_)) != 0)
      std::abort();
    writable_ = map(fd, PROT_READ | PROT_WRITE);
    read_only_ = map(fd, PROT_READ);
    close(fd);
    initialize(writable_, rings, start);
  }

  ~guarded_region() {
    munmap(writable_ - guard, bytes_ + 2 * guard);
    munmap(read_only_ - guard, bytes_ + 2 * guard);
  }

  guarded_region(const guarded_region&) = delete;
  guarded_region& operator=(const guarded_region&) = delete;

  std::byte* own() {
    return writable_;
  }
  const std::byte* foreign() {
    return read_only_;
  }
  region_header<>& header() {
    return *header_of(writable_);
  }
  size_t size() const {
    return bytes_;
  }

private:
  static constexpr size_t guard = 4096;

  std::byte* map(int fd, int protection) {
    auto* all = mmap(nullptr, bytes_ + 2 * guard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
      std::abort();
    auto* inner = static_cast<std::byte*>(all) + guard;
    if (mmap(inner, bytes_, protection, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
      std::abort();
    return inner;
  }

  size_t bytes_;
  std::byte* writable_;
  std::byte* read_only_;
};

/// The two regions of one edge, and the views that each side has of them.
struct edge {
  explicit edge(geometry g = small) : rings(g), down(g), up(g) {}

  lane_writer writer(lane_id lane = lane_id::data) {
    return {down.own(), up.foreign(), rings, lane};
  }
  lane_reader reader(lane_id lane = lane_id::data) {
    return {up.own(), down.foreign(), rings, lane};
  }

  std::byte* ring(lane_id lane = lane_id::data) {
    return down.own() + ring_offset(rings, lane);
  }

  geometry rings;
  guarded_region down; // the writer's
  guarded_region up;   // the reader's
};

using written = lane_writer::outcome;
using shown = lane_reader::outcome;

inline std::vector<std::byte> some_bytes(size_t count, unsigned seed = 0) {
  std::vector<std::byte> result(count);
  for (size_t i = 0; i < count; ++i)
    result[i] = static_cast<std::byte>((i * 131 + seed * 31 + (i >> 8)) & 0xff);
  return result;
}

inline std::vector<std::byte> copy_of(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

} // namespace bulkhead::shm::test
