#pragma once

#include "bulkhead/shm/black_box.hpp"
#include "bulkhead/shm/invariant.hpp"
#include "bulkhead/shm/lapse_board.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace bulkhead::shm {

// One of the two regions of an edge. One process writes all of it, the other maps it read-only: what a process says
// as writer of its own lanes and what it says as reader of the peer's lanes stands in the same region, its own.
//
//   byte 0            4096                    4096 + data_bytes          + control_bytes    + 40 KiB      + 32 KiB
//        +-------------+------------------------+-------------------------+------------------+-------------+
//        | header page | data lane: ring        | control lane: ring      | black box        | lapse board |
//        +-------------+------------------------+-------------------------+------------------+-------------+
//
//   header page                                              read by the peer
//        0  magic, version, geometry                          once, at the start
//      128  published[data, control]     as writer            when it polls
//      256  consumed[data, control]      as reader            when its lane looks full
//      384  armed, room_wanted[2]        as both              whenever it publishes; rarely written
//      512  last_words, hint                                  after a crash; now and then
//
//   ring: records one after the other. A position counts the bytes since the beginning of time; a position modulo the
//   ring's size is the offset in the ring. Every record starts at a multiple of 16 and none wraps: padding fills the tail.
//
//        consumed                       published
//           v                              v
//     ......+--------+--------------+------+..............+---------+
//           | record | record       |record|   free       | padding |
//     ......+--------+--------------+------+..............+---------+
//             |
//             +-- u32 payload bytes, u16 kind, u16 flags, u64 aux, payload, 0 to 15 bytes up to the next multiple of 16

/// Raised whenever a byte of the layout or its meaning changes.
constexpr uint32_t layout_version = 3;

/// "bulkhead" in the byte order of the machine: a region of the other byte order is refused.
constexpr uint64_t layout_magic = 0x62756c6b68656164;

/// Bytes before the first ring: one page, so that the rings start at a page too.
constexpr size_t header_bytes = 4096;

/// Distance between words with different readers. Two cache lines, because processors prefetch them in pairs.
constexpr size_t line_bytes = 128;

/// The two rings of a region. The control lane is never full because of data.
enum class lane_id : uint8_t { data, control };

constexpr size_t lane_count = 2;

/// Sizes of the two rings in bytes. Both regions of an edge have the same geometry.
struct geometry {
  uint32_t data_bytes;
  uint32_t control_bytes;

  friend bool operator==(const geometry&, const geometry&) = default;
};

/// One position in each lane, in bytes.
struct lane_positions {
  uint64_t data = 0;
  uint64_t control = 0;

  friend bool operator==(const lane_positions&, const lane_positions&) = default;
};

/// Where the lanes of a new region begin; multiples of 16. All zero unless its owner succeeds a dead process.
struct start_positions {
  /// For the owner as writer: must equal what stands in the peer's `consumed`.
  lane_positions published;

  /// For the owner as reader: the first byte of the peer's lanes that it is to read.
  lane_positions consumed;
};

/// @param Atom the atomic type; other than `std::atomic` only in tests.
template <template <class> class Atom = std::atomic>
struct region_header {
  /// Written once, before the peer maps the region.
  alignas(line_bytes) uint64_t magic;
  uint32_t version;
  geometry rings;

  /// As writer: records before this position of the own lane may be read. Only grows.
  alignas(line_bytes) Atom<uint64_t> published[lane_count];

  /// As reader: bytes before this position of the peer's lane may be overwritten. Only grows.
  alignas(line_bytes) Atom<uint64_t> consumed[lane_count];

  /// As reader: odd while this process sleeps or is about to. Never the same for two sleeps, so that a writer can
  /// tell the one for which it has rung already from the next one.
  alignas(line_bytes) Atom<uint64_t> armed;

  /// As writer: the peer must ring once its `consumed` has reached this position. Zero: no room is wanted.
  Atom<uint64_t> room_wanted[lane_count];

  /// The code of the reason for which this process is about to die. Zero: none was given.
  alignas(line_bytes) Atom<uint32_t> last_words;

  /// From the host: the number of loops that compete for the machine's cores.
  Atom<uint32_t> hint;
};

static_assert(sizeof(geometry) == 8);
static_assert(sizeof(region_header<>) == 640 && alignof(region_header<>) == line_bytes);
static_assert(offsetof(region_header<>, version) == 8 && offsetof(region_header<>, rings) == 12);
static_assert(offsetof(region_header<>, published) == 128 && offsetof(region_header<>, consumed) == 256);
static_assert(offsetof(region_header<>, armed) == 384 && offsetof(region_header<>, room_wanted) == 392);
static_assert(offsetof(region_header<>, last_words) == 512 && offsetof(region_header<>, hint) == 516);
static_assert(std::atomic<uint64_t>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free);

/// @returns whether both sizes are powers of two, data within 4 KiB and 1 GiB, control within 4 KiB and 16 MiB.
[[nodiscard]] bool valid(geometry rings) noexcept;

/// @returns the bytes of a region of this (valid) geometry; a multiple of the page size.
[[nodiscard]] size_t region_bytes(geometry rings) noexcept;

[[nodiscard]] constexpr size_t index_of(lane_id lane) noexcept {
  return static_cast<size_t>(lane);
}

[[nodiscard]] constexpr uint32_t ring_bytes(geometry rings, lane_id lane) noexcept {
  return lane == lane_id::data ? rings.data_bytes : rings.control_bytes;
}

/// @returns the offset of the lane's ring in its region.
[[nodiscard]] constexpr size_t ring_offset(geometry rings, lane_id lane) noexcept {
  return header_bytes + (lane == lane_id::data ? 0 : size_t{rings.data_bytes});
}

/// What the region's owner leaves behind (`shm/black_box.hpp`), in its own region, or of a dead peer in its region.
[[nodiscard]] inline black_box* black_box_of(std::byte* region, geometry rings) noexcept {
  return std::launder(reinterpret_cast<black_box*>(region + header_bytes + rings.data_bytes + rings.control_bytes));
}

[[nodiscard]] inline const black_box* black_box_of(const std::byte* region, geometry rings) noexcept {
  return std::launder(
    reinterpret_cast<const black_box*>(region + header_bytes + rings.data_bytes + rings.control_bytes));
}

/// Which of its tickets the region's owner does not wait for any more (`shm/lapse_board.hpp`).
[[nodiscard]] inline lapse_board* lapse_board_of(std::byte* region, geometry rings) noexcept {
  return std::launder(
    reinterpret_cast<lapse_board*>(reinterpret_cast<std::byte*>(black_box_of(region, rings)) + black_box_bytes));
}

[[nodiscard]] inline const lapse_board* lapse_board_of(const std::byte* region, geometry rings) noexcept {
  return std::launder(reinterpret_cast<const lapse_board*>(
    reinterpret_cast<const std::byte*>(black_box_of(region, rings)) + black_box_bytes));
}

/// @param region the start of an initialized region; aligned to a page.
template <template <class> class Atom = std::atomic>
[[nodiscard]] region_header<Atom>* header_of(std::byte* region) noexcept {
  return std::launder(reinterpret_cast<region_header<Atom>*>(region));
}

template <template <class> class Atom = std::atomic>
[[nodiscard]] const region_header<Atom>* header_of(const std::byte* region) noexcept {
  return std::launder(reinterpret_cast<const region_header<Atom>*>(region));
}

/// Writes the header of a new region, before any other process maps it. The rings may hold anything, all behind them is zero.
///
/// A region for the successor of a dead worker starts at
/// `{.published = consumed_by(host's region), .consumed = where the successor is to go on reading}`; then the host
/// makes its lane views anew over the new region.
/// @param region `region_bytes(rings)` writable bytes, aligned to a page.
template <template <class> class Atom = std::atomic>
void initialize(std::byte* region, geometry rings, start_positions start = {}) noexcept {
  static_assert(sizeof(region_header<Atom>) <= header_bytes);
  invariant(valid(rings), "a region needs a valid geometry");
  invariant(reinterpret_cast<uintptr_t>(region) % line_bytes == 0, "a region starts at a cache line");
  auto* header = ::new (region) region_header<Atom>{};
  header->magic = layout_magic;
  header->version = layout_version;
  header->rings = rings;
  // Relaxed: nobody else knows the region yet, and the kernel orders what hands it over.
  header->published[index_of(lane_id::data)].store(start.published.data, std::memory_order_relaxed);
  header->published[index_of(lane_id::control)].store(start.published.control, std::memory_order_relaxed);
  header->consumed[index_of(lane_id::data)].store(start.consumed.data, std::memory_order_relaxed);
  header->consumed[index_of(lane_id::control)].store(start.consumed.control, std::memory_order_relaxed);
}

/// @param region what was mapped, aligned to a page; foreign, so anything may stand there.
/// @param bytes  its size.
/// @returns whether it is a region of this layout version and geometry.
[[nodiscard]] bool check(const std::byte* region, size_t bytes, geometry rings) noexcept;

/// @returns what the process that owns this region has given back of the peer's lanes.
[[nodiscard]] lane_positions consumed_by(const std::byte* own_region) noexcept;

} // namespace bulkhead::shm
