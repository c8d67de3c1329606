#pragma once

#include "bulkhead/shm/lane_reader.hpp"

namespace bulkhead::shm {

/// Lets the reader of both lanes of a peer sleep until one of them has a record, without a system call per record and
/// without ever sleeping through one.
///
/// The danger is the lost wake-up: the reader finds nothing and goes to sleep while the writer, having looked just before,
/// believes that it is awake. Both therefore write their own word first and read the other's second, in one total order, so
/// at least one of them sees the other. The writer's half is `lane_writer::publish`.
///
/// It rings once per sleep and lane: whoever takes the ring (reads the eventfd) must `arm` anew before it waits again.
///
/// Thread safety: the readers' thread. Lifetime: region and readers outlive it.
template <template <class> class Atom>
class basic_doorbell_reader {
public:
  /// @param own_region the region in which both readers keep their words; writable.
  basic_doorbell_reader(std::byte* own_region, const basic_lane_reader<Atom>& data,
                        const basic_lane_reader<Atom>& control) noexcept
    : own_(header_of<Atom>(own_region)), data_(&data), control_(&control) {
    // Relaxed: a word that only this process writes. It goes on counting, or a writer could take an old sleep for a new one.
    armed_ = own_->armed.load(std::memory_order_relaxed);
    disarm();
  }

  /// Announces that the process will sleep unless one of the lanes has something that its reader did not consume.
  /// Each call announces a new sleep, also without `disarm` before it: the ring for the last one may have been taken.
  /// @returns true if it may sleep; false if there is something to read (or corrupt), and the bell is disarmed again.
  [[nodiscard]] bool arm() noexcept {
    armed_ += armed() ? 2 : 1;
    own_->armed.store(armed_, std::memory_order_seq_cst); // sync: arm/publish
    if (!data_->has_data() && !control_->has_data())
      return true;
    disarm();
    return false;
  }

  /// To be called when the process is awake again. A ring that is still under way is harmless.
  void disarm() noexcept {
    // Relaxed: a writer that still sees the old value rings once too often, nothing else.
    if (armed())
      own_->armed.store(++armed_, std::memory_order_relaxed);
  }

  [[nodiscard]] bool armed() const noexcept {
    return armed_ % 2 != 0;
  }

private:
  region_header<Atom>* own_;
  const basic_lane_reader<Atom>* data_;
  const basic_lane_reader<Atom>* control_;
  uint64_t armed_ = 0;
};

using doorbell_reader = basic_doorbell_reader<std::atomic>;

} // namespace bulkhead::shm
