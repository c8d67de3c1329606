#pragma once

#include "bulkhead/platform/unique_fd.hpp"
#include "bulkhead/runtime/caf_scheduler.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/worker_snapshots.hpp"

#include <caf/actor_control_block.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>

namespace bulkhead::runtime {

/// The worker's runtime: a scheduler whose heavy actors run on one thread unless their handlers wait, and the link to the host.
///
/// Lifetime: as long as the process. It is never destroyed: an actor that does not end must not keep the process.
class worker_system final : public caf_scheduler, public link_events {
public:
  worker_system(caf::actor_system& system, const transport::hello& host);

  ~worker_system() override;

  /// Connects to the host. `lifeline` becomes readable when the host is gone.
  void connect(transport::edge end, platform::unique_fd lifeline);

  /// Returns when the process is to end.
  void wait_for_end();

  /// Runs the finalizer, then ends the threads that run actors. After `wait_for_end`.
  /// @returns false if the finalizer failed; the reason is on standard error.
  [[nodiscard]] bool finish();

  /// The state of its root, if that has the `has_successor_flag`.
  [[nodiscard]] worker_snapshots& snapshots() noexcept {
    return snapshots_;
  }

  // -- link_events ------------------------------------------------------------

  void on_spawn(uint64_t root, transport::spawn_request what, caf::execution_unit& unit) override;
  void on_root_released(uint64_t root) override;
  void on_stop(bool frozen) override;
  void on_freeze(bool wanted) override;
  void on_hand_over() override;
  void on_snapshot(uint64_t root, std::span<const std::byte> encoded) override;
  void on_waits_wanted() override;
  void on_circle(uint64_t id, const wire_address& target, const std::string& circle) override;
  void on_corrupt(const std::string& complaint) override;

private:
  bool on_waiting(std::vector<wait_edge> all) override;
  void watch_lifeline();
  void root_ended(uint64_t root);
  [[nodiscard]] caf::strong_actor_ptr frozen_root(uint64_t& freeze);
  void handed_over(uint64_t freeze);

  const transport::hello host_;
  std::shared_ptr<link> link_;
  std::unique_ptr<boost::asio::posix::stream_descriptor> lifeline_;
  worker_snapshots snapshots_;

  std::mutex mutex_;
  std::condition_variable changed_;
  /// Null: the host let go of it, it lives as long as others refer to it.
  std::map<uint64_t, caf::strong_actor_ptr> roots_;
  bool had_roots_ = false;
  bool spawning_ = false;
  bool stopping_ = false;
  /// It ends as it stands: frozen, for a successor that goes on.
  bool leaves_frozen_ = false;
  /// Arguments of the function that runs at the end; empty if there is none.
  caf::message finalizer_;
  /// Frozen, and the host does not know it yet.
  bool owes_frozen_ = false;
  /// How often it was frozen or thawed.
  uint64_t freezes_ = 0;
  /// Since it is frozen.
  bool handed_over_ = false;
  /// The host knows of actors that wait. Of the keeper's thread.
  bool told_waits_ = false;
};

} // namespace bulkhead::runtime
