#pragma once

#include "bulkhead/runtime/wait_graph.hpp"
#include "bulkhead/transport/backlog_event.hpp"
#include "bulkhead/transport/backlog_limits.hpp"
#include "bulkhead/transport/codec.hpp"
#include "bulkhead/transport/lender.hpp"
#include "bulkhead/transport/outbox.hpp"

#include <caf/error.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bulkhead::runtime {

/// What a link leaves to the owner of the worker, or to the worker itself.
///
/// Called on the thread that polls the link, except `on_corrupt`, which any sender may find first, and `on_backlog` and `on_slow`,
/// which the keeper's thread calls too.
class link_events {
public:
  virtual ~link_events();

  /// The host wants an actor. Only in workers.
  virtual void on_spawn(uint64_t root, transport::spawn_request what, caf::execution_unit& unit);

  /// Root `root` is actor `local` there. Only in the host, as the next two.
  /// @returns false if that was said before.
  [[nodiscard]] virtual bool on_rooted(uint64_t root, uint64_t local);

  virtual void on_spawned(uint64_t root, caf::error reason);

  /// Whether the host has called an actor of this worker so. Only in the host.
  [[nodiscard]] virtual bool owns_root(uint64_t root) const;

  /// Nobody in the host refers to this root any more. Only in workers.
  virtual void on_root_released(uint64_t root);

  virtual void on_root_down(uint64_t root, const caf::error& reason);

  /// Only in workers.
  /// @param frozen whether the process ends as it stands, without another handler.
  virtual void on_stop(bool frozen);

  /// The host wants that no handler is entered any more, or that all go on. Only in workers.
  virtual void on_freeze(bool wanted);

  /// None is entered there. Only in the host.
  /// @param owes_state whether an actor there has a state that it gives when it is asked for it.
  virtual void on_frozen(bool owes_state);

  /// The state of a frozen actor is wanted as it is now. Only in workers.
  virtual void on_hand_over();

  /// In the host: root `root` says what its successor shall start with. In a worker: what its predecessor said.
  virtual void on_snapshot(uint64_t root, std::span<const std::byte> encoded);

  /// The peer wrote something impossible.
  virtual void on_corrupt(const std::string& complaint);

  /// Something happened to messages that wait, here or in the peer. Which worker it is about is still to be filled in.
  virtual void on_backlog(backlog_event what);

  /// Who waits in the peer just now. Only in the host.
  virtual void on_waits(std::vector<wait_edge> all);

  /// The host wants to know who waits. Only in workers, as the next one.
  virtual void on_waits_wanted();

  /// The wait `id` of an actor is part of a circle, which is there for people.
  virtual void on_circle(uint64_t id, const wire_address& target, const std::string& circle);

  /// A receiver in the peer is slow, and the options say that the peer shall die of it.
  virtual void on_slow(const std::string& complaint);
};

/// Limits of one direction of an edge.
struct link_limits {
  transport::outbox_limits records;
  transport::lender::options payloads;
  backlog_options backlog;
};

} // namespace bulkhead::runtime
