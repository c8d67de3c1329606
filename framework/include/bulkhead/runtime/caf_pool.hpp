#pragma once

#include "bulkhead/runtime/caf_observers.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/tracing_data.hpp>

#include <cstdint>
#include <memory>
#include <set>
#include <string>

namespace bulkhead::runtime {

class actor_pool;

/// The handle of a pool: an actor without a mailbox that passes messages on, on the sender's thread.
class caf_pool final : public caf::monitorable_actor {
public:
  caf_pool(caf::actor_config& cfg, std::shared_ptr<actor_pool> behind);

  ~caf_pool() override;

  const char* name() const override;

  /// Of its members, if it was made with a typed handle.
  std::set<std::string> message_types() const override;

  bool enqueue(caf::mailbox_element_ptr what, caf::execution_unit* context) override;

  void attach(caf::attachable_ptr what) override;

  bool add_backlink(caf::abstract_actor* other) override;

  /// Its last handle is gone.
  void on_destroy() override;

  /// Tells monitors and links.
  void end(const caf::error& reason);

  [[nodiscard]] const std::shared_ptr<actor_pool>& behind() const noexcept {
    return behind_;
  }

  /// For make_actor.
  void on_exit() {
    // nop
  }
  void setup_metrics() {
    // nop
  }

private:
  const std::shared_ptr<actor_pool> behind_;
  observer_sweep observers_;
};

/// The pool behind a handle; null if it is another kind of actor.
[[nodiscard]] actor_pool* as_pool(const caf::strong_actor_ptr& actor) noexcept;

/// Where a pool's message was booked: its destructor, when the message was handled, tells the pool.
struct pool_booking {
  std::shared_ptr<actor_pool> pool;
  uint32_t member = 0;
  uint64_t key = 0;
};

/// @param beneath what the message carried before, which goes with it.
[[nodiscard]] caf::tracing_data_ptr make_pool_mark(pool_booking what, caf::tracing_data_ptr beneath);

/// Takes out what the message carried before.
[[nodiscard]] caf::tracing_data_ptr take_beneath(caf::tracing_data* mark) noexcept;

/// The booking behind a mark; null if it is null or of another kind.
[[nodiscard]] const pool_booking* pool_booking_of(const caf::tracing_data* mark) noexcept;

} // namespace bulkhead::runtime
