#pragma once

#include "bulkhead/runtime/export_table.hpp"
#include "bulkhead/runtime/pending_table.hpp"
#include "bulkhead/runtime/running_time.hpp"
#include "bulkhead/runtime/snapshot_store.hpp"
#include "bulkhead/runtime/worker_options.hpp"
#include "bulkhead/runtime/worker_program.hpp"
#include "bulkhead/supervision/ledger.hpp"
#include "bulkhead/transport/codec.hpp"
#include "bulkhead/transport/supervision_event.hpp"
#include "bulkhead/transport/worker_death.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <vector>

namespace bulkhead::runtime {

class caf_proxy;
class host_system;
class link;
class slot_owner;
class spare_pool;
class worker_process;
struct worker_place;

/// One actor whose process is replaced when it dies: what stands behind a handle that survives restarts.
///
///        spawned               death            timer
///   starting -------> up ---------------> down -------> starting
///       |   death      | end, exit          | too many deaths, end of the host, last handle gone
///       +------+-------+--------------------+-------> over
///
/// All incarnations have the same root, known everywhere by the address of the handle; the ledger keeps what was sent to it until
/// it was handled. The handle is a `caf_proxy` that asks the slot where its messages go.
///
/// Thread safety: what is marked so on the keeper's thread only, all else from any thread. Lifetime: shared by the handle, the
/// present worker, and the host until it is over.
class supervised_slot final : public std::enable_shared_from_this<supervised_slot> {
public:
  using spawn_callback = std::function<void(caf::expected<caf::strong_actor_ptr>)>;
  using drain_callback = std::function<void(size_t left)>;

  /// @param owner empty for one that stands alone.
  supervised_slot(host_system& host, uint32_t number, worker_options options, transport::spawn_request what,
                  std::weak_ptr<slot_owner> owner = {});
  ~supervised_slot();

  /// Starts the first process. `done` is called once, from any thread.
  void start(spawn_callback done);

  [[nodiscard]] uint32_t number() const noexcept {
    return number_;
  }

  /// What its actor is called, whatever process it is in.
  [[nodiscard]] uint64_t root() const noexcept {
    return address_.actor;
  }

  /// It has ended for good; its owner may be told just now.
  [[nodiscard]] bool over() const noexcept {
    return over_;
  }

  /// The host ends: no more restarts.
  void stop();

  /// Ends the process by force, see `worker_process::terminate`, and the handle with it.
  void terminate(std::chrono::milliseconds grace);

  /// Replaces the process as its `recycle_policy` would, if it is up.
  void recycle();

  /// Takes no more messages. Ends when all that it has were handled and answered, or at `until`; then `done` gets how many were not. From
  /// any thread; later calls only move the time.
  void drain(supervision::time_point until, drain_callback done);

  // -- its program, on the keeper's thread ------------------------------------

  /// How a new program does. Each is called once at most, on the keeper's thread.
  struct program_watch {
    /// A process of it has taken over from the `former` program.
    std::function<void(worker_program former)> serves;
    /// It did not come up, or died before it was trusted, and the former program serves again; or the actor has ended.
    std::function<void(caf::error reason)> failed;
  };

  [[nodiscard]] const worker_program& program() const noexcept {
    return program_;
  }

  /// Replaces the process by one of another program, as `recycle` does. The present one is trusted by that, unless its turn is still to
  /// come: then this one is refused.
  void change_program(worker_program next, program_watch watch);

  /// From now on the death of a process is none of its program's fault.
  void trust_program();

  // -- for the handle ---------------------------------------------------------

  bool enqueue(caf_proxy& handle, caf::mailbox_element_ptr what, caf::execution_unit* context);

  /// The link to the present process, or to the last one.
  [[nodiscard]] std::shared_ptr<link> via() const;

  [[nodiscard]] bool goes_through(const link& what) const noexcept {
    return via_address_ == &what;
  }

  /// `observer` and the actor are linked from now on, whatever process it is in.
  void link_to(const caf::strong_actor_ptr& observer);
  void unlink(const caf::actor_control_block& observer);

  /// Nobody refers to the handle any more.
  void handle_gone();

  /// A request that the present process sent, with an id that no other incarnation uses: a late answer must not meet a successor's
  /// request.
  [[nodiscard]] caf::message_id tagged(caf::message_id request) const noexcept;

  /// The bits that make the difference.
  [[nodiscard]] uint64_t tag() const noexcept;

  /// Nobody waits any more for the answers to `over`. From any thread.
  void lapse(const request_set& over);

  // -- for its worker ---------------------------------------------------------

  /// The actor ended by itself.
  void root_ended(const worker_process& who, const caf::error& reason);

  /// What its successor shall start with. From any thread, until the process has ended.
  void keep_snapshot(std::span<const std::byte> encoded) {
    snapshots_.keep(encoded);
  }

  /// The process begins with no more messages. On the keeper's thread.
  void on_frozen(const std::shared_ptr<worker_process>& who);

  /// The process has ended, its link is still open. Returns the requests that its successor will answer. On the keeper's thread.
  [[nodiscard]] request_set settle(const worker_process& who, link& via, const std::optional<worker_death>& death);

  /// The process has ended and its link is closed. On the keeper's thread.
  void process_ended(const worker_process& who, const std::optional<worker_death>& death);

private:
  enum class phase : uint8_t { starting, up, down, over };

  struct exit_order {
    caf::error reason;
    supervision::time_point when;
  };

  struct running_handler {
    /// At most.
    supervision::time_point since;
    std::optional<supervision::time_point> overdue_since;
  };

  struct route {
    std::shared_ptr<link> via;
    uint32_t incarnation = 0;
  };

  void start_process();
  [[nodiscard]] std::shared_ptr<worker_process> next_process();
  void spawn_root(const std::shared_ptr<worker_process>& who);
  void open_ledger(uint32_t incarnation);
  void on_spawned(const std::shared_ptr<worker_process>& who, caf::error failed);
  void on_start_failed(const caf::error& reason);
  void become_up(worker_process& who);
  void begin_recycling();
  void on_successor(const std::shared_ptr<worker_process>& who, const caf::error& failed);
  void freeze_after(supervision::duration delay);
  [[nodiscard]] std::shared_ptr<worker_process> make_process(const worker_place& place, const worker_program& what);
  [[nodiscard]] std::shared_ptr<spare_pool> spares_of(const worker_program& what);
  [[nodiscard]] bool prepares_change();
  void note_taken_over();
  void successor_ended(const worker_process& who);
  void go_on_with_change();
  void refuse_program(const worker_death& death);
  void go_on_as_before();
  [[nodiscard]] bool return_to_former(const worker_death& death);
  void hand_over(const std::shared_ptr<worker_process>& who);
  void pass_snapshot_to(worker_process& who);
  void watch_age();
  void look_at_age();
  [[nodiscard]] bool has_promises(const worker_process& who) const;
  void look_at_drain();
  /// On any thread.
  void watch_handlers();
  void watch_handlers_now();
  [[nodiscard]] bool handlers_may_be_overdue() const;
  void look_at_progress(bool handles, supervision::time_point at);
  void look_at_handlers();
  [[nodiscard]] supervision::duration until_next_look(supervision::time_point at) const;
  void look_at_handler(uint64_t number, running_handler& what, supervision::time_point at);
  void replay(uint32_t incarnation);
  void fall(const worker_death& death);
  void finish(const caf::error& reason);
  [[nodiscard]] bool will_restart(bool died);
  [[nodiscard]] bool is_crash(const caf::error& reason) const;
  [[nodiscard]] std::optional<exit_order> pending_exit() const;
  [[nodiscard]] route the_route() const;
  void set_route(std::shared_ptr<link> via);
  void bury(const supervision::ledger::condemned& what, const worker_death& death, request_set& kept);
  void keep_dead_letter(const supervision::ledger::entry& what, const std::string& types);
  bool deliver(caf_proxy& handle, caf::mailbox_element_ptr what, const supervision::ledger::place& where,
               bool unlimited, caf::execution_unit* context);
  bool order_exit(caf_proxy& handle, caf::mailbox_element_ptr what, caf::execution_unit* context);
  bool answer_with(const caf::mailbox_element& what, const caf::error& reason, caf::execution_unit* context);
  [[nodiscard]] std::optional<caf::message_id> untagged(caf::message_id what) const noexcept;
  [[nodiscard]] static worker_death certificate_of(const worker_process& who);
  void tell(supervision_incident what, const worker_death& death, std::string detail);
  /// No messages for a process for a while.
  void pause();

  host_system& host_;
  const uint32_t number_;
  const worker_options options_;
  const transport::spawn_request what_;
  const std::weak_ptr<slot_owner> owner_;
  const std::shared_ptr<supervision::ledger> ledger_;
  snapshot_store snapshots_;
  wire_address address_;
  caf::weak_actor_ptr handle_;
  std::atomic<const link*> via_address_ = nullptr;
  std::atomic<uint32_t> incarnation_ = 0;
  std::atomic<bool> stop_wanted_ = false;
  std::atomic<bool> handle_gone_ = false;
  std::atomic<bool> over_ = false;
  std::atomic<bool> recycling_asked_ = false;
  std::atomic<bool> handlers_watched_ = false;

  // Of the keeper's thread:
  phase phase_ = phase::starting;
  std::shared_ptr<worker_process> worker_;
  /// From the first start until it is over; null without spares.
  std::shared_ptr<spare_pool> spares_;
  /// Of the present process, while it is starting.
  std::optional<worker_death> last_death_;
  /// Of the process before.
  worker_death before_;
  std::vector<supervision::time_point> deaths_;
  std::optional<boost::asio::steady_timer> timer_;
  /// Ready, or on its way there, while the present process is to be replaced.
  std::shared_ptr<worker_process> successor_;
  bool recycling_ = false;
  /// When promises are not waited for any more.
  enum class promise_wait : uint8_t { none, begun, over } promise_wait_ = promise_wait::none;
  std::optional<limit_timer> promise_timer_;
  /// What processes are started from.
  worker_program program_;
  /// Until the new program is trusted.
  struct program_change {
    enum class step : uint8_t { wanted, prepared, on_probation };

    worker_program next;
    worker_program former;
    std::shared_ptr<spare_pool> former_spares;
    program_watch watch;
    step now = step::wanted;
  };
  std::optional<program_change> change_;
  supervision::duration freeze_delay_{};
  std::optional<limit_timer> freeze_timer_;
  std::optional<boost::asio::steady_timer> age_timer_;
  supervision::time_point up_since_;
  std::optional<uint64_t> bytes_at_first_;
  /// What the present process has got done at the last look, and since when no more.
  struct {
    uint64_t handled = 0;
    uint32_t incarnation = 0;
    supervision::time_point since;
    bool told = false;
  } progress_;
  /// Handlers that run, by the number of their message.
  std::map<uint64_t, running_handler> handlers_;
  std::optional<boost::asio::steady_timer> handler_timer_;
  running_time handler_time_;
  std::vector<drain_callback> drained_;
  supervision::time_point drain_until_;
  std::optional<boost::asio::steady_timer> drain_timer_;
  running_time drain_time_;
  std::minstd_rand chance_;

  mutable std::mutex mutex_;
  route route_;
  std::map<std::pair<transport::process_number, uint64_t>, caf::weak_actor_ptr> links_;
  std::optional<exit_order> exit_;
  std::optional<caf::error> root_end_;
  /// Until the first process is up: who waits for it, and what it gets.
  spawn_callback done_;
  caf::strong_actor_ptr new_handle_;
};

} // namespace bulkhead::runtime
