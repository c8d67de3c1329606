#pragma once

#include "bulkhead/shm/flaw.hpp"
#include "bulkhead/shm/layout.hpp"
#include "bulkhead/shm/record.hpp"

#include <cstring>

namespace bulkhead::shm {

/// Puts records into one lane of this process's region, for the one process that maps it read-only.
///
/// Records become visible in batches: `put` as often as there is something to say, then `publish`, then ring the
/// peer's doorbell if told so. When the lane is full, `want_room` makes the peer ring back.
///
/// The peer's position is foreign: one that goes back or passes what was published condemns the peer, and from then on
/// every `put` is `corrupt`.
///
/// Thread safety: one thread at a time (hold a process-local mutex). Lifetime: the regions outlive the view. A view made
/// anew over the same region goes on at its last published record, which is how a successor of the peer is attached.
template <template <class> class Atom>
class basic_lane_writer {
public:
  enum class outcome : uint8_t {
    written,
    /// Nothing was written; `want_room` for the same payload tells when to try again.
    full,
    /// Larger than `largest_payload` of this ring; never fits.
    too_large,
    /// The peer left a value that no reader leaves; `what_is_corrupt` says which.
    corrupt,
  };

  /// @param own_region  writable, initialized.
  /// @param peer_region checked; only the words of the peer as reader are used.
  basic_lane_writer(std::byte* own_region, const std::byte* peer_region, geometry rings, lane_id lane) noexcept
    : own_(header_of<Atom>(own_region)),
      peer_(header_of<Atom>(peer_region)),
      ring_(own_region + ring_offset(rings, lane)),
      ring_bytes_(ring_bytes(rings, lane)),
      lane_(index_of(lane)) {
    // Relaxed: a word that only this process writes.
    published_ = own_->published[lane_].load(std::memory_order_relaxed);
    position_ = published_;
    auto in_use = published_ - peer_consumed();
    if (!corrupt() && in_use > ring_bytes_)
      flaw_ = flaw::consumed_too_far_behind;
  }

  /// Copies header and both spans into the lane as one record, not yet visible.
  /// @param kind any but `padding_kind`.
  [[nodiscard]] outcome put(uint16_t kind, uint16_t flags, std::span<const std::byte> a,
                            std::span<const std::byte> b = {}, uint64_t aux = 0) noexcept {
    invariant(kind != padding_kind, "the padding kind belongs to the lane itself");
    if (corrupt())
      return outcome::corrupt;
    auto payload_bytes = a.size() + b.size();
    if (payload_bytes > largest_payload(ring_bytes_))
      return outcome::too_large;
    if (!room_available(payload_bytes))
      return corrupt() ? outcome::corrupt : outcome::full;
    if (record_bytes(payload_bytes) > tail_bytes())
      put_padding();
    auto* at = ring_ + offset();
    record_header header{static_cast<uint32_t>(payload_bytes), kind, flags, aux};
    std::memcpy(at, &header, sizeof(header));
    copy(at + sizeof(header), a);
    copy(at + sizeof(header) + a.size(), b);
    position_ += record_bytes(payload_bytes);
    return outcome::written;
  }

  /// Makes all records so far visible to the peer.
  /// @returns whether the caller must ring: the peer sleeps or is about to, and was not told to ring for this sleep yet.
  [[nodiscard]] bool publish() noexcept {
    if (published_ == position_)
      return false;
    published_ = position_;
    own_->published[lane_].store(position_,
                                 std::memory_order_seq_cst);   // sync: publish/arm, and publish/seen for the bytes
    auto armed = peer_->armed.load(std::memory_order_seq_cst); // sync: arm/publish
    if (armed % 2 == 0 || armed == rung_for_)
      return false;
    rung_for_ = armed;
    return true;
  }

  /// Prepares to wait for room: from now on the peer rings this process once there is some.
  /// Everything that was put must be published, or the peer could not make room.
  /// @param payload_bytes the payload that must fit; by default the largest, which wakes less often.
  /// @returns true if the caller may wait for a ring; false if there is room already, or the peer is corrupt.
  [[nodiscard]] bool want_room(size_t payload_bytes) noexcept {
    invariant(payload_bytes <= largest_payload(ring_bytes_), "room for a record that never fits");
    invariant(published_ == position_, "who waits for room has published what it has put");
    if (corrupt() || room_available(payload_bytes))
      return false;
    auto consumed_needed = position_ + footprint(payload_bytes) - ring_bytes_;
    own_->room_wanted[lane_].store(consumed_needed, std::memory_order_seq_cst); // sync: want/consume
    return !room_available(payload_bytes) && !corrupt();
  }

  [[nodiscard]] bool want_room() noexcept {
    return want_room(largest_payload(ring_bytes_));
  }

  /// @returns whether `put` would write a payload of this many bytes now. Looks at the peer's word only if it must.
  [[nodiscard]] bool room_available(size_t payload_bytes) noexcept {
    auto needed = footprint(payload_bytes);
    if (needed <= unused_bytes()) [[likely]]
      return true;
    (void) peer_consumed();
    return !corrupt() && needed <= unused_bytes();
  }

  /// @returns the position behind the last record that was put.
  [[nodiscard]] uint64_t position() const noexcept {
    return position_;
  }

  /// @returns the bytes that nobody uses; a record may need more than its own because of the ring's end.
  [[nodiscard]] size_t free_bytes() noexcept {
    (void) peer_consumed();
    return unused_bytes();
  }

  /// Looks at the peer's word and checks it.
  /// @returns the position up to which the peer gave room back; the last plausible one if the peer is corrupt.
  uint64_t peer_consumed() noexcept {
    auto seen =
      peer_->consumed[lane_].load(std::memory_order_seq_cst); // sync: consume/want, and consume/reuse for the bytes
    if (corrupt())
      return consumed_;
    if (seen < consumed_)
      flaw_ = flaw::consumed_went_back;
    else if (seen > published_)
      flaw_ = flaw::consumed_passes_published;
    else if (seen % record_alignment != 0)
      flaw_ = flaw::consumed_unaligned;
    else
      consumed_ = seen;
    return consumed_;
  }

  [[nodiscard]] bool corrupt() const noexcept {
    return flaw_ != flaw::none;
  }

  [[nodiscard]] flaw found() const noexcept {
    return flaw_;
  }

  [[nodiscard]] const char* what_is_corrupt() const noexcept {
    return sentence(flaw_);
  }

private:
  [[nodiscard]] size_t offset() const noexcept {
    return position_ & (ring_bytes_ - 1);
  }

  [[nodiscard]] size_t tail_bytes() const noexcept {
    return ring_bytes_ - offset();
  }

  [[nodiscard]] size_t unused_bytes() const noexcept {
    return ring_bytes_ - (position_ - consumed_);
  }

  /// The bytes that a record would take here and now, padding included.
  [[nodiscard]] size_t footprint(size_t payload_bytes) const noexcept {
    auto bytes = record_bytes(payload_bytes);
    return bytes <= tail_bytes() ? bytes : tail_bytes() + bytes;
  }

  void put_padding() noexcept {
    auto bytes = tail_bytes();
    record_header header{static_cast<uint32_t>(bytes - sizeof(record_header)), padding_kind, 0, 0};
    std::memcpy(ring_ + offset(), &header, sizeof(header));
    position_ += bytes;
  }

  static void copy(std::byte* to, std::span<const std::byte> from) noexcept {
    if (!from.empty()) // an empty span may hold a null pointer, which memcpy must not see
      std::memcpy(to, from.data(), from.size());
  }

  region_header<Atom>* own_;
  const region_header<Atom>* peer_;
  std::byte* ring_;
  uint32_t ring_bytes_;
  size_t lane_;

  /// Behind the last record that was put, and behind the last that the peer may read.
  uint64_t position_ = 0;
  uint64_t published_ = 0;

  /// The peer's word as last seen: a foreign cache line is read only when the lane looks full.
  uint64_t consumed_ = 0;

  /// The value of the peer's `armed` for which the caller was told to ring.
  uint64_t rung_for_ = 0;

  flaw flaw_ = flaw::none;
};

using lane_writer = basic_lane_writer<std::atomic>;

} // namespace bulkhead::shm
