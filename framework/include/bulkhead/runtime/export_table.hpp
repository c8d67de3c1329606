#pragma once

#include "bulkhead/transport/record.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

namespace bulkhead::runtime {

/// The address of an actor on the wire.
struct wire_address {
  transport::process_number process = transport::host_process;
  uint64_t actor = 0;

  friend bool operator==(const wire_address&, const wire_address&) = default;
};

struct wire_address_hash {
  size_t operator()(const wire_address& x) const noexcept {
    return static_cast<size_t>((x.actor ^ (uint64_t{x.process} << 40)) * 0x9E3779B97F4A7C15u >> 7);
  }
};

/// Makes actors of this process findable by their id, as CAF's deserialization needs it.
class pins {
public:
  virtual void pin(const caf::strong_actor_ptr& actor) = 0;
  virtual void unpin(const caf::strong_actor_ptr& actor) = 0;

protected:
  ~pins() = default;
};

/// The actors whose handles other processes hold. An actor in here stays alive although nobody in this process refers to
/// it, just as a handle in another actor's state keeps a local actor alive; and it is pinned.
///
/// A peer that drops its last reference says so (a release record), together with the number of records that it had
/// read. If an export was sent after that, the release is outdated and ignored: its turn comes again.
///
/// Thread safety: all functions from any thread. Lifetime: `registry` must outlive it. It calls `registry` under its mutex, so
/// that the two never disagree.
class export_table {
public:
  explicit export_table(pins& registry) noexcept : registry_(registry) {
    // nop
  }

  /// `peer` is about to get `who` in its record `number`. Returns true the first time.
  /// @param may_be_passed_on whether it comes as the sender of a one-way message.
  bool note(const wire_address& who, const caf::strong_actor_ptr& actor, transport::process_number peer,
            const transport::record_counts& number, bool may_be_passed_on = false);

  /// Whether `peer` was given `who` and has not given it back.
  [[nodiscard]] bool holds(const wire_address& who, transport::process_number peer) const;

  /// `peer` passes on a message of `who`. Returns false if it has passed on as many as it got.
  [[nodiscard]] bool spend(const wire_address& who, transport::process_number peer);

  /// `peer` had read `read` records when it dropped its reference. Returns the actor if no peer holds it any more: the caller
  /// lets go of it outside of all locks.
  [[nodiscard]] caf::strong_actor_ptr release(const wire_address& who, transport::process_number peer,
                                              const transport::record_counts& read);

  /// CAF pins what it encodes; this takes it back if no peer holds `who`.
  void unpin_unless_held(const wire_address& who, const caf::strong_actor_ptr& actor);

  /// `peer` is gone. Returns the actors that nobody else holds, as `release` does.
  [[nodiscard]] std::vector<caf::strong_actor_ptr> forget(transport::process_number peer);

  /// The actor ended: there is nothing to keep alive, but its reason is remembered for those who ask late.
  void ended(const wire_address& who, const caf::error& reason);

  /// Why an actor ended; empty if that is long ago or was never known.
  [[nodiscard]] std::optional<caf::error> reason_of(const wire_address& who) const;

  [[nodiscard]] size_t size() const;

private:
  struct holder {
    transport::process_number peer;
    transport::record_counts last;
    /// One-way messages of this actor that the peer may still pass on in its name.
    uint64_t to_pass_on = 0;
  };

  struct entry {
    caf::strong_actor_ptr actor;
    std::vector<holder> holders;
  };

  struct tombstone {
    wire_address who;
    caf::error reason;
  };

  static constexpr size_t tombstones_max = 1024;

  pins& registry_;
  mutable std::mutex mutex_;
  boost::unordered_flat_map<wire_address, entry, wire_address_hash> entries_;
  std::deque<tombstone> tombstones_;
};

} // namespace bulkhead::runtime
