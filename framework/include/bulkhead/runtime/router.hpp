#pragma once

#include "bulkhead/runtime/export_table.hpp"
#include "bulkhead/transport/handshake.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/actor_control_block.hpp>
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

class link;

/// Knows all processes of one host system and turns handles into addresses and back.
///
/// There is one per process. In the host, each worker is reached through its own link; in a worker, everything is
/// reached through the link to the host, which passes on what is for other workers.
///
/// Thread safety: all functions from any thread. Lifetime: outlives the links and every proxy's use of them.
class router final : public caf::proxy_registry::backend {
public:
  /// @param post runs a function soon on a thread of the loop, outside of all locks.
  router(caf::actor_system& system, transport::process_number self, const transport::system_key& key,
         std::function<void(std::function<void()>)> post);

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

  /// Context for encoding and decoding outside of the loop's threads; what becomes runnable goes to the scheduler.
  [[nodiscard]] caf::execution_unit& context() noexcept {
    return *context_;
  }

  void post(std::function<void()> work) {
    post_(std::move(work));
  }

  /// In a worker: the host's node id, which may be one that CAF's I/O module made.
  void host_node(caf::node_id node);

  [[nodiscard]] caf::node_id node_of(transport::process_number process) const;

  /// The address behind a handle; `nullopt` if it belongs to another machine.
  [[nodiscard]] std::optional<wire_address> address_of(const caf::actor_control_block& actor) const;

  /// The handle for an address: local actors from CAF's registry (null if ended), others as proxies.
  [[nodiscard]] caf::strong_actor_ptr resolve(const wire_address& who);

  /// As `resolve`, but makes no new proxy.
  [[nodiscard]] caf::strong_actor_ptr find(const wire_address& who);

  /// Process `number` is reached through `via` from now on.
  void attach(transport::process_number number, std::shared_ptr<link> via);

  /// Process `number` is gone: its proxies end with `reason`.
  void detach(transport::process_number number, const caf::error& reason);

  /// Handles of actor `local` of process `worker` are `root` from now on. In the worker itself: the root's wire id in
  /// the host's name space stands for the local actor.
  /// Keeps nothing alive.
  void alias(const wire_address& who, const caf::strong_actor_ptr& root);

  void forget_alias(const wire_address& who);

  /// The proxy of `who` ends with `reason`.
  void end_proxy(const wire_address& who, caf::error reason);

  /// Lets go of an actor that nobody outside holds any more.
  void unpin(caf::strong_actor_ptr actor);

  /// Takes local actors out of the registry of proxies again, into which CAF enters whatever it has decoded the handle of.
  void drop_strays();

  /// Drops proxies that nobody in this process refers to, and tells their owners. Only while nothing is decoded.
  void sweep();

  // -- proxy_registry::backend ------------------------------------------------

  caf::strong_actor_ptr make_proxy(caf::node_id node, caf::actor_id id) override;

  void set_last_hop(caf::node_id*) override;

private:
  /// The actor under an alias, null if it is gone; `nullopt` if there is no such alias.
  [[nodiscard]] std::optional<caf::strong_actor_ptr> aliased(const wire_address& who) const;
  [[nodiscard]] std::shared_ptr<link> link_to(transport::process_number process) const;
  [[nodiscard]] std::optional<transport::process_number> process_of(const caf::node_id& node) const;

  caf::actor_system& system_;
  const transport::process_number self_;
  const transport::system_key key_;
  const std::function<void(std::function<void()>)> post_;
  std::unique_ptr<caf::execution_unit> context_;
  caf::proxy_registry proxies_;
  export_table exports_;

  mutable std::mutex mutex_;
  caf::node_id host_node_;
  std::map<transport::process_number, std::shared_ptr<link>> links_;
  std::map<transport::process_number, caf::error> dead_;
  boost::unordered_flat_map<wire_address, caf::weak_actor_ptr, wire_address_hash> aliases_;
  std::vector<wire_address> strays_;
  std::atomic<bool> has_strays_ = false;
};

} // namespace bulkhead::runtime
