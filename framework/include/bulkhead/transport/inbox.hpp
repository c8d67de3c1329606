#pragma once

#include "bulkhead/shm/doorbell.hpp"
#include "bulkhead/shm/lane_reader.hpp"
#include "bulkhead/transport/record.hpp"

#include <caf/byte_buffer.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>

namespace bulkhead::transport {

/// A record as the inbox hands it out: checked in form, not in meaning.
struct incoming {
  record_kind kind;
  uint16_t flags;
  envelope head;
  std::span<const std::byte> body;
};

/// The receiving half of an edge: takes records out of the mailbox and puts large ones together again.
///
/// All that it reads was written by another process and is checked: garbage ends in `outcome::corrupt`, for good.
/// A body is copied to private memory before it is handed out, so that the peer cannot change it any more.
///
/// Thread safety: one thread at a time. Lifetime: the regions must outlive it.
class inbox {
public:
  enum class outcome : uint8_t {
    record,
    empty,
    corrupt,
  };

  /// @param message_bytes_max the largest record that is put together, in bytes.
  inbox(std::byte* own_region, const std::byte* peer_region, shm::geometry rings, uint64_t message_bytes_max);

  inbox(const inbox&) = delete;
  inbox& operator=(const inbox&) = delete;

  /// Takes the next record. `out` is valid until the next call. What the peer put into the control lane before it put
  /// something into the data lane comes first.
  [[nodiscard]] outcome next(incoming& out);

  /// Tells the peer how far this process has read. Returns true if the peer waits for room and must be rung.
  [[nodiscard]] bool publish_consumed();

  /// Whether something is there to read.
  [[nodiscard]] bool has_data() const noexcept {
    return data_.has_data() || control_.has_data();
  }

  /// Announces that this process will sleep. Returns false, and takes it back, if there is something to read.
  [[nodiscard]] bool arm() noexcept {
    return doorbell_.arm();
  }

  void disarm() noexcept {
    doorbell_.disarm();
  }

  /// How many complete records came through.
  [[nodiscard]] const record_counts& completed() const noexcept {
    return completed_;
  }

  /// Whether all that was begun is complete.
  [[nodiscard]] bool no_open_streams() const noexcept {
    return streams_.empty();
  }

  /// What was wrong, after `corrupt`.
  [[nodiscard]] const std::string& complaint() const noexcept {
    return complaint_;
  }

private:
  struct stream {
    uint64_t total = 0;
    caf::byte_buffer content;
  };

  outcome fail(std::string complaint);
  outcome take(shm::lane_reader& lane, incoming& out, bool& found);
  outcome add_piece(const envelope& head, std::span<const std::byte> body, incoming& out, bool& complete);
  outcome accept(uint16_t kind, uint16_t flags, std::span<const std::byte> payload, incoming& out);

  /// Streams that one peer may have open at a time; an honest one has a few.
  static constexpr size_t open_streams_max = 4096;

  shm::lane_reader data_;
  shm::lane_reader control_;
  shm::doorbell_reader doorbell_;
  uint64_t message_bytes_max_;
  caf::byte_buffer copy_;
  std::unordered_map<uint64_t, stream> streams_;
  uint64_t open_bytes_ = 0;
  record_counts completed_;
  std::string complaint_;
};

} // namespace bulkhead::transport
