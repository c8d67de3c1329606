#pragma once

#include "bulkhead/runtime/caf_observers.hpp"
#include "bulkhead/runtime/export_table.hpp"

#include <caf/actor_proxy.hpp>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <typeinfo>
#include <vector>

namespace bulkhead::runtime {

class link;
class supervised_slot;

/// Stands in this process for an actor in another one. Whatever is sent to it goes out through its link; monitors and
/// links attach to it as to any actor and fire when it is killed.
///
/// Nothing in here takes the lock of another actor or blocks: CAF calls these functions on any thread, some of them
/// while it holds the locks of two actors.
class caf_proxy final : public caf::actor_proxy {
public:
  /// @param slot of an actor whose process may be replaced: it knows the way; else null.
  caf_proxy(caf::actor_config& cfg, std::shared_ptr<link> via, wire_address target,
            std::shared_ptr<supervised_slot> slot = nullptr);

  ~caf_proxy() override;

  const char* name() const override;

  /// Of an actor that was spawned with a typed handle; of others none, as of CAF's own proxies.
  std::set<std::string> message_types() const override;

  /// To be called before others have the proxy.
  void message_types(const std::vector<std::string>& all) {
    message_types_ = {all.begin(), all.end()};
  }

  bool enqueue(caf::mailbox_element_ptr what, caf::execution_unit* context) override;

  void kill_proxy(caf::execution_unit* context, caf::error reason) override;

  /// Its last handle is gone.
  void on_destroy() override;

  void attach(caf::attachable_ptr what) override;

  bool add_backlink(caf::abstract_actor* other) override;

  bool remove_backlink(caf::abstract_actor* other) override;

  /// Takes over what waits for the end of its actor from an earlier proxy.
  void adopt(caf::attachable_ptr observers);

  [[nodiscard]] const wire_address& target() const noexcept {
    return target_;
  }

  [[nodiscard]] std::shared_ptr<link> via() const;

  /// Whether `what` is the way to the actor.
  [[nodiscard]] bool goes_through(const link& what) const noexcept;

  [[nodiscard]] const std::shared_ptr<supervised_slot>& slot() const noexcept {
    return slot_;
  }

  /// Tells the actor's process of a link with `observer`, or of its end.
  void link_there(const caf::strong_actor_ptr& observer);
  void unlink_there(const caf::actor_control_block& observer);

  /// Why it ended.
  [[nodiscard]] caf::error end_reason() const {
    return fail_state();
  }

  /// What a root is called in its own worker; 0 if that is not known, and for all other actors.
  [[nodiscard]] uint64_t local_id() const noexcept {
    return local_id_;
  }
  void local_id(uint64_t id) noexcept {
    local_id_ = id;
  }

  /// For make_actor.
  void on_exit() {
    // nop
  }

private:
  const std::shared_ptr<link> via_;
  const wire_address target_;
  const std::shared_ptr<supervised_slot> slot_;
  std::set<std::string> message_types_;
  std::atomic<uint64_t> local_id_ = 0;
  observer_sweep observers_;
};

/// The proxy behind a handle; null if it is another kind of actor.
[[nodiscard]] inline caf_proxy* as_proxy(const caf::strong_actor_ptr& actor) noexcept {
  auto object = actor->get();
  // By address: the class has one type_info, and each message asks.
  return &typeid(*object) == &typeid(caf_proxy) ? static_cast<caf_proxy*>(object) : nullptr;
}

} // namespace bulkhead::runtime
