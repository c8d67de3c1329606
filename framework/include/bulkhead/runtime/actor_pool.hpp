#pragma once

#include "bulkhead/runtime/caf_pool.hpp"
#include "bulkhead/runtime/pending_table.hpp"
#include "bulkhead/runtime/pool_options.hpp"
#include "bulkhead/runtime/running_time.hpp"
#include "bulkhead/runtime/slot_owner.hpp"
#include "bulkhead/runtime/upgrade_options.hpp"
#include "bulkhead/transport/codec.hpp"
#include "bulkhead/transport/supervision_event.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/mailbox_element.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace bulkhead::runtime {

class host_system;
class supervised_slot;

/// Equal supervised actors behind one handle. A message is given to a member when that has room for it; until then it waits here, so
/// that it can go to whoever is first able to take it, and the death of a member concerns only what that member had begun.
///
/// With `dispatch::by_key` and `by_sender` a key belongs to one member for as long as it has messages, and there is a queue for each
/// member instead of one for all.
///
/// Thread safety: all functions from any thread. Lifetime: shared by its handle, by what its members have not handled yet, and by the
/// host until it is over.
class actor_pool final : public slot_owner, public std::enable_shared_from_this<actor_pool> {
public:
  using spawn_callback = std::function<void(caf::expected<caf::strong_actor_ptr>)>;

  /// @param options checked and complete.
  actor_pool(host_system& host, pool_options options, transport::spawn_request what);
  ~actor_pool() override;

  /// Starts the first members. `done` is called once, from any thread, when all are up or one could not be started.
  void start(spawn_callback done);

  /// Ends it: what waits is answered, members go when they have handled what they have. Monitors and links are told when all have ended.
  void finish(const caf::error& reason);

  /// Ends the processes of all members by force, see `worker_process::terminate`, and with them the pool.
  /// @returns false if it has ended.
  bool terminate(std::chrono::milliseconds grace);

  /// Why it ended; empty if it has not.
  [[nodiscard]] caf::error end_reason() const;

  /// Replaces the processes of all members, one after the other.
  void recycle();

  /// Brings another program to all members, see `rollout`. No member comes or goes meanwhile, unless it dies.
  void upgrade(const upgrade_options& what, std::function<void(caf::error)> done);

  /// As `supervised_slot::drain`, of all members and of what waits.
  void drain(supervision::time_point until, std::function<void(size_t left)> done);

  [[nodiscard]] pool_status status() const;

  /// Whether its handle has this address. The registry need not know it: who waits for its answer may have dropped the handle.
  [[nodiscard]] bool is_at(const wire_address& who) const;

  /// The messages that its members take, if that is known.
  [[nodiscard]] const std::vector<std::string>& interface() const noexcept {
    return what_.interface;
  }

  /// The members any of which may take the request `key` that waits in here; empty if it does not, or if one more member may come.
  [[nodiscard]] std::vector<wire_address> takers_of(const request_key& key) const;

  /// Throws away what waits of the requests `over`.
  void lapse(const request_set& over);

  // -- for the handle and its messages ----------------------------------------

  bool enqueue(const caf::strong_actor_ptr& handle, caf::mailbox_element_ptr what, caf::execution_unit* context);

  /// A member has handled a message with this key.
  void handled(uint32_t member, uint64_t key);

  // -- slot_owner -------------------------------------------------------------

  void slot_up(uint32_t number) override;
  void slot_down(uint32_t number) override;
  [[nodiscard]] bool takes_back() const noexcept override;
  void take_back(std::vector<supervision::ledger::entry> unbegun) override;
  void slot_over(uint32_t number, const caf::error& reason, std::vector<supervision::ledger::entry> unbegun) override;

private:
  using time_point = supervision::time_point;

  struct waiting_message {
    caf::mailbox_element_ptr what;
    time_point since;
    uint64_t key = 0;
  };

  /// Messages that wait, the urgent ones first.
  struct queue {
    std::array<std::deque<waiting_message>, 2> messages;
    /// Somebody takes messages out of it, one after the other.
    bool moving = false;

    [[nodiscard]] bool empty() const noexcept {
      return messages[0].empty() && messages[1].empty();
    }
    std::deque<waiting_message>& of(const caf::mailbox_element& what) noexcept {
      return messages[what.mid.is_urgent_message() ? 0 : 1];
    }
    waiting_message pop();
  };

  struct member {
    std::shared_ptr<supervised_slot> slot;
    caf::strong_actor_ptr handle;
    supervision::member_load load;
    /// With keys.
    queue own;
  };

  /// The member that a key belongs to, while it has so many messages that were not handled.
  struct claim {
    uint32_t member = 0;
    size_t messages = 0;
  };

  struct delivery {
    caf::strong_actor_ptr to;
    caf::mailbox_element_ptr what;
    pool_booking where;
  };

  [[nodiscard]] bool keyed() const noexcept;
  [[nodiscard]] std::optional<uint64_t> key_of(const caf::mailbox_element& what) const;
  void move(uint32_t name);
  void deliver(delivery what, caf::execution_unit* context) const;
  bool refuse(const caf::mailbox_element& what, const caf::error& reason, caf::execution_unit* context) const;
  /// When it is over.
  void refuse_all(const std::vector<supervision::ledger::entry>& all) const;
  bool exit(caf::mailbox_element& what);
  void conclude();
  static std::string size_text(size_t members);
  void tell_given_up(uint32_t number, const caf::error& reason, size_t left) const;

  // Under the mutex:
  [[nodiscard]] member* find(uint32_t number) noexcept;
  [[nodiscard]] std::vector<uint32_t> numbers_of_members() const;
  [[nodiscard]] member& owner_of(uint64_t key);
  [[nodiscard]] queue& queue_for(uint64_t key);
  [[nodiscard]] member* room_in(queue& from) noexcept;
  [[nodiscard]] delivery give(member& to, caf::mailbox_element_ptr what, uint64_t key);
  [[nodiscard]] std::optional<time_point> oldest() const noexcept;
  void claim_key(uint64_t key, const member& owner);
  void release_key(uint64_t key) noexcept;
  void rehome_keys(uint32_t gone);
  void give_back(std::vector<supervision::ledger::entry> unbegun, std::vector<caf::tracing_data_ptr>& marks);
  void move_soon(queue& from, uint32_t name);
  void move_all_soon();
  void note_peak() noexcept;
  [[nodiscard]] bool may_grow() const noexcept;
  void grow_if_needed();
  [[nodiscard]] std::shared_ptr<supervised_slot> next_to_recycle(uint32_t done);

  // Members come and go; of the keeper's thread unless it says otherwise:
  void start_member();
  /// On any thread.
  void on_started(const std::shared_ptr<supervised_slot>& slot, caf::expected<caf::strong_actor_ptr> result);
  void look_at_growth();
  void look_at_drain();
  void watch_surplus();
  void shrink();
  void tell(supervision_incident what, uint32_t slot, std::string detail) const;

  host_system& host_;
  const pool_options options_;
  const transport::spawn_request what_;
  std::atomic<bool> over_ = false;

  // Of the keeper's thread:
  std::optional<boost::asio::steady_timer> grow_timer_;
  std::optional<boost::asio::steady_timer> idle_timer_;
  std::optional<boost::asio::steady_timer> drain_timer_;
  running_time drain_time_;
  supervision::time_point drain_until_;
  std::vector<std::function<void(size_t left)>> drained_;
  bool surplus_watched_ = false;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<member>> members_;
  size_t given_up_ = 0;
  queue common_;
  boost::unordered_flat_map<uint64_t, claim> claims_;
  /// Buffer of `room_in`.
  std::vector<supervision::member_load> loads_;
  size_t last_turn_ = 0;
  size_t waiting_ = 0;
  size_t taken_ = 0;
  /// Most that waited and were taken at once since the last look.
  size_t peak_ = 0;
  size_t starting_ = 0;
  /// Their starts are under way.
  std::vector<std::shared_ptr<supervised_slot>> arriving_;
  /// They have not ended yet, and the pool is over.
  std::vector<std::shared_ptr<supervised_slot>> leaving_;
  /// It ends by force.
  std::optional<std::chrono::milliseconds> force_;
  bool concluded_ = false;
  size_t workers_max_;
  /// What members are started with.
  worker_options worker_;
  bool rolls_out_ = false;
  bool draining_ = false;
  bool growth_watched_ = false;
  time_point last_growth_{};
  /// Members whose processes are still to be replaced; the first one is, just now.
  std::deque<uint32_t> recycling_;
  caf::error reason_;
  caf::weak_actor_ptr handle_;
  /// As long as messages wait.
  caf::strong_actor_ptr held_;
  /// Until the first members are up.
  spawn_callback done_;
  caf::strong_actor_ptr new_handle_;
};

} // namespace bulkhead::runtime
