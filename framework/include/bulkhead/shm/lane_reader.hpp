#pragma once

#include "bulkhead/shm/flaw.hpp"
#include "bulkhead/shm/layout.hpp"
#include "bulkhead/shm/record.hpp"

namespace bulkhead::shm {

/// Reads records from one lane of the peer's region and gives their room back.
///
/// Reading and giving back are two steps: `consume` moves on to the next record, `publish_consumed` lets the writer overwrite
/// the ones before. So records whose handling is under way survive the death of this process.
///
/// The lane is foreign: every word is read once and checked, and nothing outside the lane is ever touched. The first flaw
/// condemns the peer, and from then on every `next` is `corrupt`.
///
/// Thread safety: one thread at a time. Lifetime: the regions outlive the view. A view made anew starts at the position that
/// the own region says was given back.
template <template <class> class Atom>
class basic_lane_reader {
public:
  enum class outcome : uint8_t {
    record,
    empty,
    /// The peer left a value that no writer leaves; `what_is_corrupt` says which.
    corrupt,
  };

  /// @param own_region  writable, initialized; only the words of this process as reader are used.
  /// @param peer_region checked; may be mapped read-only.
  basic_lane_reader(std::byte* own_region, const std::byte* peer_region, geometry rings, lane_id lane) noexcept
    : own_(header_of<Atom>(own_region)),
      peer_(header_of<Atom>(peer_region)),
      ring_(peer_region + ring_offset(rings, lane)),
      ring_bytes_(ring_bytes(rings, lane)),
      lane_(index_of(lane)) {
    // Relaxed: a word that only this process writes.
    given_back_ = own_->consumed[lane_].load(std::memory_order_relaxed);
    invariant(given_back_ % record_alignment == 0, "a reader starts at a record");
    position_ = record_end_ = published_ = given_back_;
  }

  /// Shows the next record without moving on: called again, it shows the same one.
  /// Takes a bounded number of steps, whatever stands in the lane.
  [[nodiscard]] outcome next(record_view& out) noexcept {
    if (corrupt())
      return outcome::corrupt;
    if (position_ == published_ && !look())
      return corrupt() ? outcome::corrupt : outcome::empty;
    auto header = header_at_position();
    if (header.kind == padding_kind) {
      if (!skip(header))
        return outcome::corrupt;
      header = header_at_position();
    }
    if (flaw_ = flaw_of(header); corrupt())
      return outcome::corrupt;
    record_end_ = position_ + record_bytes(header.payload_bytes);
    out = {header.kind,
           header.flags,
           header.aux,
           {ring_ + offset() + sizeof(record_header), header.payload_bytes},
           record_end_};
    return outcome::record;
  }

  /// Moves behind the record that `next` has shown. Its payload stays valid until its room is given back.
  void consume() noexcept {
    invariant(record_end_ > position_, "only a record that next() has shown can be consumed");
    position_ = record_end_;
  }

  /// Gives back the room of all consumed records.
  /// @returns whether the caller must ring: the peer waits for room, has enough now, and was not rung for it yet.
  [[nodiscard]] bool publish_consumed() noexcept {
    return publish_consumed(position_);
  }

  /// Gives back the room of the consumed records before a position.
  /// @param up_to an `end_position` between the last one given back and `position()`.
  [[nodiscard]] bool publish_consumed(uint64_t up_to) noexcept {
    invariant(up_to >= given_back_, "room is given back once");
    invariant(up_to <= position_, "only the room of consumed records is given back");
    if (up_to == given_back_)
      return false;
    given_back_ = up_to;
    own_->consumed[lane_].store(up_to,
                                std::memory_order_seq_cst); // sync: consume/want, and consume/reuse for the bytes
    auto wanted = peer_->room_wanted[lane_].load(std::memory_order_seq_cst); // sync: want/consume
    if (wanted == 0 || wanted > up_to || wanted == rung_for_)
      return false;
    rung_for_ = wanted;
    return true;
  }

  /// @returns whether `next` would show something else than `empty`.
  [[nodiscard]] bool has_data() const noexcept {
    if (corrupt() || position_ != published_)
      return true;
    // Who asks is about to look for a record: the lines of a short one travel together with the word that announces it.
    __builtin_prefetch(ring_ + offset());
    __builtin_prefetch(ring_ + offset() + line_bytes / 2);
    return peer_->published[lane_].load(std::memory_order_seq_cst) != position_; // sync: publish/arm
  }

  /// @returns the position behind the last consumed record.
  [[nodiscard]] uint64_t position() const noexcept {
    return position_;
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

  /// Takes over the peer's position if it is plausible.
  /// @returns whether there is a record.
  [[nodiscard]] bool look() noexcept {
    auto seen = peer_->published[lane_].load(std::memory_order_acquire); // sync: publish/seen
    if (seen == published_)
      return false;
    if (seen < published_)
      flaw_ = flaw::published_went_back;
    else if (seen - given_back_ > ring_bytes_)
      flaw_ = flaw::published_passes_room;
    else if (seen % record_alignment != 0)
      flaw_ = flaw::published_unaligned;
    else
      published_ = seen;
    return !corrupt();
  }

  /// Volatile: the peer may change the bytes at any time, so each is read exactly once.
  [[nodiscard]] record_header header_at_position() const noexcept {
    auto* at = reinterpret_cast<const volatile record_header*>(ring_ + offset());
    return {at->payload_bytes, at->kind, at->flags, at->aux};
  }

  /// Moves behind padding. A writer publishes padding only in front of a record, so never a ring full of it.
  [[nodiscard]] bool skip(const record_header& padding) noexcept {
    auto bytes = tail_bytes();
    if (padding.payload_bytes != bytes - sizeof(record_header) || padding.flags != 0 || padding.aux != 0
        || bytes >= published_ - position_) {
      flaw_ = flaw::padding_malformed;
      return false;
    }
    position_ += bytes;
    return true;
  }

  [[nodiscard]] flaw flaw_of(const record_header& header) const noexcept {
    if (header.kind == padding_kind)
      return flaw::padding_malformed;
    if (header.payload_bytes > largest_payload(ring_bytes_))
      return flaw::record_too_large;
    auto bytes = record_bytes(header.payload_bytes);
    if (bytes > tail_bytes())
      return flaw::record_crosses_end;
    if (bytes > published_ - position_)
      return flaw::record_passes_published;
    return flaw::none;
  }

  region_header<Atom>* own_;
  const region_header<Atom>* peer_;
  const std::byte* ring_;
  uint32_t ring_bytes_;
  size_t lane_;

  /// Where the next record starts, and the end of the one that `next` has shown.
  uint64_t position_ = 0;
  uint64_t record_end_ = 0;

  /// What this process has given back; the peer never passes it by more than the ring.
  uint64_t given_back_ = 0;

  /// The peer's word as last seen: a foreign cache line is read only when everything seen was consumed.
  uint64_t published_ = 0;

  /// The value of the peer's `room_wanted` for which the caller was told to ring.
  uint64_t rung_for_ = 0;

  flaw flaw_ = flaw::none;
};

using lane_reader = basic_lane_reader<std::atomic>;

} // namespace bulkhead::shm
