#pragma once

#include "bulkhead/platform/event_fd.hpp"
#include "bulkhead/shm/lane_writer.hpp"
#include "bulkhead/transport/attachments.hpp"
#include "bulkhead/transport/record.hpp"

#include <caf/byte_buffer.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

namespace bulkhead::transport {

/// Limits of one direction of an edge.
struct outbox_limits {
  /// Largest encoded message in bytes.
  uint64_t message_bytes_max = uint64_t{4} << 30;
  /// Bytes of control records that may wait in this process: a peer that has not read them by then reads none.
  size_t control_bytes_max = size_t{256} << 20;
};

/// The sending half of an edge: puts records into the mailbox, keeps what does not fit, and cuts up what is too large. How much
/// that may be is the business of whoever sends.
///
/// A record whose descriptors find no room waits in this process, and so do all data after it, until the peer has taken some.
///
/// Order: records with the same source and target leave in the order of `send`, whether they went directly, waited, or
/// went in pieces; a record with target 0 (a down, say) follows everything that its source has sent, and is followed by all that it
/// sends. Large records share the mailbox with others piece by piece.
///
/// Thread safety: all functions from any thread. Nothing blocks but for a short process-local mutex, no function calls
/// back into an actor. Lifetime: the regions and the bells must outlive it.
class outbox {
public:
  enum class outcome : uint8_t {
    /// In the mailbox or waiting in this process: it will arrive unless the peer dies.
    accepted,
    /// Larger than `message_bytes_max`.
    too_large,
    /// The `acceptance` said no, or its descriptors cannot be sent.
    refused,
    /// The edge is closed.
    closed,
  };

  /// Learns that a record is certain to arrive, unless the peer dies, before the peer can see it.
  class acceptance {
  public:
    /// @param number counts the record itself too. Called under the outbox's mutex: must be short and send no record.
    /// @returns false if the record cannot leave after all: then the outcome is `refused`.
    virtual bool accepted(const record_counts& number) = 0;

    /// What the peer must have before the record; null if nothing.
    [[nodiscard]] virtual std::shared_ptr<descriptor_packet> packet() const {
      return nullptr;
    }

  protected:
    ~acceptance() = default;
  };

  outbox(std::byte* own_region, const std::byte* peer_region, shm::geometry rings, const platform::event_fd& peer_bell,
         const platform::event_fd& own_bell, outbox_limits limits);

  /// Sends a record in the data lane.
  /// @param body left alone, unless it is accepted and has to go in pieces: then it is taken over and not copied.
  [[nodiscard]] outcome send(record_kind kind, uint16_t flags, const envelope& head, caf::byte_buffer&& body,
                             acceptance* told = nullptr);

  /// Sends a record of which only the newest counts: one that waits in this process, and has not begun to leave, has the content of
  /// the last one. So there are never more than two. All of an outbox have the same `kind` and `head`.
  [[nodiscard]] outcome send_newest(record_kind kind, const envelope& head, caf::byte_buffer&& body);

  /// Sends a message in the control lane: it overtakes all data. One that does not fit there goes with the data.
  [[nodiscard]] outcome send_urgent(uint16_t flags, const envelope& head, caf::byte_buffer&& body,
                                    acceptance* told = nullptr);

  /// Sends a record in the control lane that must not be lost.
  outcome send_control(record_kind kind, const envelope& head, std::span<const caf::byte> body);

  /// Moves waiting records into the mailbox. To be called when the peer rang.
  void pump();

  /// To be called when the peer has taken descriptors.
  void descriptors_taken() {
    if (wants_descriptors_)
      pump();
  }

  /// Whether records wait in this process.
  [[nodiscard]] bool has_waiting() const noexcept {
    return waiting_.load();
  }

  /// Whether the peer wrote an impossible cursor.
  [[nodiscard]] bool corrupt() const noexcept {
    return corrupt_.load();
  }

  /// Whether the peer has left so many control records unread that it cannot be honest.
  [[nodiscard]] bool ignored() const noexcept {
    return ignored_.load();
  }

  /// Refuses everything from now on. When it returns, no thread touches the regions or the bells any more.
  void close();

  /// Calls `visit` with the envelope of each message that waits in this process, wholly or in part. Only after `close`.
  void for_each_waiting(const std::function<void(const envelope&)>& visit) const;

  /// Lets go of what waits, with its descriptors. Only after `close`.
  void drop_waiting();

private:
  struct parcel {
    record_kind kind;
    uint16_t flags;
    envelope head;
    caf::byte_buffer body;
    /// The body stands in `newest_`.
    bool newest = false;
    /// Still to be sent.
    std::shared_ptr<descriptor_packet> packet = nullptr;
  };

  struct stream {
    parcel whole;
    uint64_t id;
    uint64_t sent = 0;
    /// What has to wait for this stream because of the order.
    std::deque<parcel> behind;
    /// Whether all that has the same source has to, not only what has the same target.
    bool whole_source = false;
  };

  static constexpr size_t help_interval = 32;

  /// Whether a record may be put into the mailbox now.
  enum class readiness : uint8_t {
    ready,
    waits,
    failed,
  };

  /// Why the spill was left.
  enum class spill_state : uint8_t {
    empty,
    /// The mailbox is full.
    full,
    /// The first record waits for room for its descriptors.
    wants_descriptors,
  };

  bool accept(const record_counts& number, acceptance* told);
  readiness send_ahead(const std::shared_ptr<descriptor_packet>& packet);
  bool send_late(parcel& item);
  outcome put_control(record_kind kind, uint16_t flags, const envelope& head, std::span<const caf::byte> body);
  bool write(shm::lane_writer& lane, record_kind kind, uint16_t flags, const envelope& head,
             std::span<const caf::byte> body);
  bool try_place(parcel& item);
  stream* blocker_of(const envelope& head);
  bool write_piece(stream& s);
  bool pump_control();
  spill_state pump_spill();
  bool pump_streams();
  void pump_locked();
  static size_t weight(const parcel& item) {
    return sizeof(parcel) + item.body.size();
  }

  mutable std::mutex mutex_;
  shm::lane_writer data_;
  shm::lane_writer control_;
  const platform::event_fd& peer_bell_;
  const platform::event_fd& own_bell_;
  const outbox_limits limits_;
  const uint32_t ring_bytes_;
  const size_t direct_bytes_max_;
  const size_t control_bytes_max_;
  std::deque<parcel> spill_;
  std::deque<parcel> control_spill_;
  std::list<stream> streams_;
  /// Of the one record that waits for its place and whose content may still change.
  std::optional<caf::byte_buffer> newest_;
  size_t control_waiting_bytes_ = 0;
  uint64_t next_stream_ = 1;
  bool closed_ = false;
  std::atomic<bool> waiting_ = false;
  std::atomic<bool> corrupt_ = false;
  std::atomic<bool> ignored_ = false;
  /// Whether a record in the spill waits for room for its descriptors.
  std::atomic<bool> wants_descriptors_ = false;
  record_counts accepted_;
};

} // namespace bulkhead::transport
