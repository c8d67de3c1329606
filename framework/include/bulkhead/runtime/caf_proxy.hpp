#pragma once

#include "bulkhead/runtime/export_table.hpp"

#include <caf/actor_proxy.hpp>

#include <memory>

namespace bulkhead::runtime {

class link;

/// Stands in this process for an actor in another one. Whatever is sent to it goes out through its link; monitors and
/// links attach to it as to any actor and fire when it is killed.
///
/// Nothing in here takes the lock of another actor or blocks: CAF calls these functions on any thread, some of them
/// while it holds the locks of two actors.
class caf_proxy final : public caf::actor_proxy {
public:
  caf_proxy(caf::actor_config& cfg, std::shared_ptr<link> via, wire_address target);

  ~caf_proxy() override;

  const char* name() const override;

  bool enqueue(caf::mailbox_element_ptr what, caf::execution_unit* context) override;

  void kill_proxy(caf::execution_unit* context, caf::error reason) override;

  bool add_backlink(caf::abstract_actor* other) override;

  bool remove_backlink(caf::abstract_actor* other) override;

  /// Whether monitors or links wait for its end.
  [[nodiscard]] bool observed() const;

  [[nodiscard]] const wire_address& target() const noexcept {
    return target_;
  }

  [[nodiscard]] const std::shared_ptr<link>& via() const noexcept {
    return via_;
  }

  /// For make_actor.
  void on_exit() {
    // nop
  }

private:
  const std::shared_ptr<link> via_;
  const wire_address target_;
};

} // namespace bulkhead::runtime
