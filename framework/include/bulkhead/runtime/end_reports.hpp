#pragma once

#include "bulkhead/runtime/export_table.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace bulkhead::runtime {

/// Which processes this one tells of the end of an actor.
///
/// An actor that outlives a thousand workers knew each of them. So it carries one observer for all of them, and a process that is
/// gone leaves nothing behind, neither in here nor at the actor.
///
/// Thread safety: all functions from any thread; `add` takes the lock of the actor. Lifetime: what observes an actor does nothing
/// once this is gone.
class end_reports : public std::enable_shared_from_this<end_reports> {
public:
  using peer_list = std::vector<transport::process_number>;

  /// Called once for an actor that has ended, on any thread and under no lock, with the processes to tell.
  using report_function =
    std::function<void(const wire_address& who, const caf::error& reason, const peer_list& peers)>;

  explicit end_reports(report_function report);

  /// Process `peer` is told of the end of `actor`; at once if it has ended.
  void add(const wire_address& who, const caf::strong_actor_ptr& actor, transport::process_number peer);

  /// Process `peer` is told of nothing any more.
  void forget(transport::process_number peer);

  /// How many reports are due, one for each actor and process.
  [[nodiscard]] size_t size() const;

private:
  void ended(const wire_address& who, const caf::error& reason);

  const report_function report_;
  mutable std::mutex mutex_;
  /// Actors with an observer, which stays until they end. Their processes may all be gone.
  boost::unordered_flat_map<wire_address, peer_list, wire_address_hash> entries_;
};

} // namespace bulkhead::runtime
