#pragma once

#include "bulkhead/runtime/end_reports.hpp"
#include "bulkhead/runtime/export_table.hpp"
#include "bulkhead/runtime/handle_scan.hpp"
#include "bulkhead/runtime/loop.hpp"
#include "bulkhead/transport/handshake.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/attachable.hpp>
#include <caf/error.hpp>
#include <caf/execution_unit.hpp>
#include <caf/node_id.hpp>
#include <caf/proxy_registry.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace bulkhead::runtime {

class caf_proxy;
class link;

/// Knows all processes of one host system and turns handles into addresses and back.
///
/// There is one per process. In the host, each worker is reached through its own link; in a worker, everything is
/// reached through the link to the host, which passes on what is for other workers.
///
/// A proxy lives as long as this process refers to it. CAF's registry of proxies holds every proxy that it has handed out; here
/// it is emptied now and then (`sweep`), and the last reference that goes, in there or in an actor, tells the actor's own process
/// (`dropped`).
///
/// Thread safety: all functions from any thread. Lifetime: outlives the links and every proxy's use of them.
class router final : public caf::proxy_registry::backend, private pins {
public:
  /// @param runs outlives the router.
  router(caf::actor_system& system, transport::process_number self, const transport::system_key& key, loop& runs);

  ~router() override;

  [[nodiscard]] caf::actor_system& system() const noexcept {
    return system_;
  }
  [[nodiscard]] transport::process_number self() const noexcept {
    return self_;
  }
  [[nodiscard]] bool is_host() const noexcept {
    return self_ == transport::host_process;
  }
  [[nodiscard]] const transport::system_key& key() const noexcept {
    return key_;
  }
  [[nodiscard]] caf::proxy_registry& proxies() noexcept {
    return proxies_;
  }
  [[nodiscard]] export_table& exports() noexcept {
    return exports_;
  }
  [[nodiscard]] end_reports& reports() noexcept {
    return *reports_;
  }

  /// Context for encoding and decoding outside of the loop's threads; what becomes runnable goes to the scheduler.
  [[nodiscard]] caf::execution_unit& context() noexcept {
    return *context_;
  }

  [[nodiscard]] loop& the_loop() const noexcept {
    return loop_;
  }

  /// In a worker: the host's node id, which may be one that CAF's I/O module made.
  void host_node(caf::node_id node);

  [[nodiscard]] caf::node_id node_of(transport::process_number process) const;

  /// What handles of this host system look like in bytes.
  [[nodiscard]] handle_names names() const;

  /// The address behind a handle; `nullopt` if it belongs to another machine.
  [[nodiscard]] std::optional<wire_address> address_of(const caf::actor_control_block& actor) const;

  /// What a request is known by; `nullopt` if it is none, or of another machine.
  [[nodiscard]] std::optional<request_key> key_of(const caf::strong_actor_ptr& sender, caf::message_id mid) const;

  /// The handle for an address: local actors from CAF's registry (null if ended), others as proxies.
  [[nodiscard]] caf::strong_actor_ptr resolve(const wire_address& who);

  /// As `resolve`, but makes no new proxy.
  [[nodiscard]] caf::strong_actor_ptr find(const wire_address& who);

  /// Process `number` is reached through `via` from now on.
  void attach(transport::process_number number, std::shared_ptr<link> via);

  /// The address that handles to `who` have in this process: a root's own worker calls it otherwise.
  [[nodiscard]] wire_address usual(const wire_address& who) const;

  /// Whether a handle to `who` sends through `via`.
  [[nodiscard]] bool reaches(const link& via, const wire_address& who) const;

  /// Process `number` is gone: its proxies end with `reason`.
  void detach(transport::process_number number, const caf::error& reason);

  /// Whether this process has a live proxy, or another actor under an alias, for `who`.
  [[nodiscard]] bool knows(const wire_address& who) const;

  /// Why an actor ended that is not there any more; `exit_reason::unknown` if nobody remembers.
  [[nodiscard]] caf::error reason_of(const wire_address& who) const;

  /// Address `who` stands for `actor` from now on: in the host, a root's proxy under both of its names; in a worker, a local actor
  /// under the name that the host has for it. Keeps nothing alive.
  void alias(const wire_address& who, const caf::strong_actor_ptr& actor);

  void forget_alias(const wire_address& who);

  /// The actor `who` of another process ended with `reason`: so does its proxy, and whoever waits for its end learns of it.
  void end(const wire_address& who, const caf::error& reason);

  /// The last reference of this process to `proxy` is gone. `observers` wait for the end of its actor all the same.
  void dropped(const caf_proxy& proxy, caf::attachable_ptr observers);

  /// Whether so many proxies were made since the last sweep that it is time for one, even if the process is busy.
  [[nodiscard]] bool sweep_wanted() const noexcept {
    return made_since_sweep_ >= sweep_at_;
  }

  /// Whether owners could not be told yet that their actors were dropped: the next sweep tries again.
  [[nodiscard]] bool owes_releases() const noexcept {
    return owes_releases_;
  }

  /// Lets go of proxies that nobody in this process refers to.
  void sweep();

  // -- proxy_registry::backend ------------------------------------------------

  caf::strong_actor_ptr make_proxy(caf::node_id node, caf::actor_id id) override;

  void set_last_hop(caf::node_id*) override;

private:
  using observer_list = std::vector<caf::attachable_ptr>;

  struct dropped_proxy {
    wire_address who;
    uint64_t local;
    std::shared_ptr<link> via;
  };

  struct ending {
    caf::strong_actor_ptr proxy;
    observer_list observers;
  };

  void pin(const caf::strong_actor_ptr& actor) override;
  void unpin(const caf::strong_actor_ptr& actor) override;

  /// The actor that `who` stands for in this process, if it is known and alive.
  [[nodiscard]] caf::strong_actor_ptr known(const wire_address& who) const;
  void release_dropped();
  static void end(ending what, const caf::error& reason);
  void tell_end(const wire_address& who, const caf::error& reason, const end_reports::peer_list& peers);
  [[nodiscard]] std::shared_ptr<link> link_to(transport::process_number process) const;
  [[nodiscard]] std::optional<transport::process_number> process_of(const caf::node_id& node) const;

  caf::actor_system& system_;
  const transport::process_number self_;
  const transport::system_key key_;
  loop& loop_;
  std::unique_ptr<caf::execution_unit> context_;
  caf::proxy_registry proxies_;
  export_table exports_;
  const std::shared_ptr<end_reports> reports_;

  mutable std::mutex mutex_;
  caf::node_id host_node_;
  std::map<transport::process_number, std::shared_ptr<link>> links_;
  std::map<transport::process_number, caf::error> dead_;
  /// Proxies by the address of their actor, and aliases.
  boost::unordered_flat_map<wire_address, caf::weak_actor_ptr, wire_address_hash> known_;
  /// Who waits for the end of an actor that this process has no proxy of any more.
  boost::unordered_flat_map<wire_address, observer_list, wire_address_hash> orphans_;
  std::vector<dropped_proxy> dropped_;
  bool release_posted_ = false;
  std::atomic<bool> owes_releases_ = false;
  std::atomic<size_t> made_since_sweep_ = 0;
  std::atomic<size_t> sweep_at_ = sweep_at_min;
  static constexpr size_t sweep_at_min = 1024;
};

} // namespace bulkhead::runtime
