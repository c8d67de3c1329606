#pragma once

#include "bulkhead/runtime/loop.hpp"
#include "bulkhead/runtime/request_waits.hpp"
#include "bulkhead/runtime/wait_list.hpp"
#include "bulkhead/shm/turn.hpp"
#include "bulkhead/transport/handshake.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace bulkhead::runtime {

class caf_clock;
class keeper;
class link;
class router;

/// How the threads of a scheduler wait.
struct wait_options {
  transport::wait_strategy strategy = transport::wait_strategy::adaptive;
  /// How long to spin before sleeping; 0 takes the measured cost of a wake-up. In nanoseconds.
  uint32_t spin_ns = 0;
};

/// CAF's scheduler and the loop of a process in one: its threads run actors, and one of them at a time is the poller,
/// which looks after mailboxes, sockets and timers of light actors.
///
/// A message from another process is thus decoded, and its receiver resumed, on one thread: a wake-up of a second one
/// costs fifty times as much as the message. The poller gives its role up before it runs an actor, so that another
/// thread can take over when the actor takes long; the keeper notices when all threads that could do so sleep.
///
/// Thread safety: all public functions from any thread.
class caf_scheduler : public caf::scheduler::abstract_coordinator, public loop {
public:
  using super = caf::scheduler::abstract_coordinator;

  caf_scheduler(caf::actor_system& system, transport::process_number self, const transport::system_key& key,
                wait_options waiting);

  ~caf_scheduler() override;

  [[nodiscard]] router& routes() noexcept {
    return *router_;
  }
  [[nodiscard]] keeper& the_keeper() noexcept {
    return *keeper_;
  }

  /// The context of all sockets, timers and signals of light actors.
  [[nodiscard]] boost::asio::io_context& io() noexcept;

  /// The unit of the calling thread if it belongs to a scheduler and is not running an actor of another one.
  [[nodiscard]] static caf::execution_unit* current_unit() noexcept;

  /// Polls `what` from now on.
  void add(std::shared_ptr<link> what);

  void remove(const std::shared_ptr<link>& what);

  void for_each_link(const std::function<void(link&)>& visit);

  // -- loop -------------------------------------------------------------------

  void post(std::function<void()> work) override;
  void memory_is_idle() override;
  [[nodiscard]] bool runs_actor() const noexcept override;
  [[nodiscard]] bool may_park(uint64_t bytes, const backlog_limits& most) noexcept override;
  void wait_for_room(const std::shared_ptr<link>& via, const flow& who) override;
  void room_made(link& via) override;
  void nothing_parked(link& via, const wire_address& source) override;
  void receiver_is_crowded() override;
  [[nodiscard]] request_key handled_request() const noexcept override;
  void request_made() override;
  void lapse(request_set over) override;

  /// No actor is resumed until `thaw`, and none with a thread of its own goes through `enter`. On the thread of a scheduler that has
  /// only one; mailboxes and sockets are still looked at.
  void freeze();
  void thaw();

  /// Runs `what`, which is short, once the scheduler is not frozen. On the thread of `who`, a detached actor.
  void enter(caf::actor_id who, const std::function<void()>& what);

  /// While it is frozen: runs `what` on the thread of `who`, a detached actor, when that comes to `enter`. A thaw before takes it
  /// back.
  void run_between(caf::actor_id who, std::function<void()> what);

  /// The handler on the calling thread is about to wait, as a `scoped_actor` does: in a worker another thread runs its other actors and polls
  /// until the handler has returned. In a host, whose threads do so anyway, and on other threads nothing happens.
  void handler_may_wait();

  /// Runs `what` on the polling thread when no handler runs on a thread of the scheduler: at once unless one waits. Replaces what has not
  /// run yet. On the polling thread of a worker.
  void between_handlers(std::function<void()> what);

  /// Whether something that was sent from here has not left this process yet, be it that its receiver's mailbox or its receiver has no
  /// room. On a thread that runs an actor.
  [[nodiscard]] bool output_waits();

  /// Lets all actors go on that wait for room, whatever becomes of what they send.
  void end_waits();

  /// Ends `actor` when the scheduler stops, if it lives still: nothing resumes then what waits in it.
  void end_at_stop(caf::weak_actor_ptr actor);

  /// For how long loops spin, in nanoseconds.
  [[nodiscard]] uint32_t spin_ns() const noexcept {
    return spin_ns_;
  }

  /// Ends the threads that run actors; the keeper's goes on. Not on one of them.
  void stop_loops();

  /// Ends all threads. Called by `stop` of the subclass, after it has closed its links.
  void join();

  // -- abstract_coordinator ---------------------------------------------------

  void enqueue(caf::resumable* job) override;
  caf::actor_clock& clock() noexcept override;
  void init(caf::actor_system_config& cfg) override;
  void start() override;
  void stop() override;

protected:
  /// Which actors have waited for some time. On the keeper's thread, now and then while somebody waits.
  /// @returns whether to look again, even if nothing has changed by then.
  virtual bool on_waiting(std::vector<wait_edge> all) = 0;

  /// As `lapse`, of requests that were not sent yet. On the keeper's thread.
  virtual void on_lapsed(const request_set& over);

  /// `on_waiting` is called soon.
  void check_soon();

  /// Asks all actors that await a response whether they still do; then `on_waiting` is called.
  void ask_who_waits();

  /// The request that is awaited as `id` fails with `errc::deadlock`.
  void end_wait(uint64_t id, const std::string& circle);

private:
  struct worker;
  struct io_part;

  /// While it lives, the calling thread runs an actor, which may find that it has to wait.
  struct running {
    explicit running(caf::resumable* job);
    ~running();

    caf::resumable* const job;
    std::optional<room_wait> wanted;
    backlog::amount parked;

    static thread_local running* of_thread;
  };

  using link_list = std::vector<std::shared_ptr<link>>;

  /// Messages that an actor handles before it can be stopped, because some receiver is at its limits; once one is, a single one.
  static constexpr size_t step_max = 16;

  /// Threads of a worker: more handlers than that cannot wait at a time.
  static constexpr size_t loops_max = 64;

  void launch_loop();
  [[nodiscard]] bool serves(const worker& self) const noexcept;
  [[nodiscard]] bool leaves(const worker& self) const noexcept;
  void stand_by(worker& self);
  [[nodiscard]] bool try_take_polling(worker& self);
  [[nodiscard]] bool begin_job(worker& self, caf::resumable* job);
  void end_job(worker& self);
  void set_away(worker& self, bool is_away);
  void look_for_pause();
  void links_changed();
  [[nodiscard]] bool runnable(const worker& self) const noexcept;
  void run(worker& self);
  void run_local(worker& self);
  bool run_shared(worker& self);
  void run_job(worker& self, caf::resumable* job);
  caf::resumable::resume_result take_turn(worker& self, caf::resumable* job, std::optional<room_wait>& wanted);
  void poll(worker& self);
  size_t poll_links(caf::execution_unit& unit);
  bool spin(worker& self);
  void park(worker& self);
  bool arm_all();
  void disarm_all();
  void refresh();
  void share_surplus(worker& self);
  void share(const std::deque<caf::resumable*>& jobs);
  void relieve_stuck();
  [[nodiscard]] bool any_waits();
  void follow(const worker& self);
  bool run_io();
  [[nodiscard]] unsigned awake_loops();
  void wake_one();
  void start_guard();
  void guard_tick();
  void trim();
  void let_go_later(std::shared_ptr<link> what);
  void let_go();
  void suspend(caf::resumable* job, room_wait what, bool runnable);
  void check_receivers();
  void look_at_requests();
  void watch_bell(const std::shared_ptr<link>& what);
  void schedule_clock(std::chrono::steady_clock::time_point when);

  std::unique_ptr<keeper> keeper_;
  std::unique_ptr<io_part> io_;
  std::unique_ptr<caf_clock> clock_;
  std::unique_ptr<router> router_;
  wait_options waiting_;
  std::atomic<uint32_t> spin_ns_ = 0;
  unsigned cores_;
  std::vector<std::thread> threads_;
  std::mutex workers_mutex_;
  std::vector<worker*> workers_;

  /// One thread runs actors, unless handlers wait.
  bool alone_ = false;
  std::mutex duty_mutex_;
  std::condition_variable duty_changed_;
  /// The one that runs actors and polls while no handler waits. It never changes.
  const worker* first_ = nullptr;
  /// The one that does so now. Null while none has taken it over yet.
  std::atomic<const worker*> on_duty_ = nullptr;
  size_t standing_by_ = 0;
  size_t launching_ = 0;
  /// Threads that may run a handler while another one polls.
  std::atomic<size_t> away_ = 0;
  std::function<void()> at_pause_;
  std::atomic<bool> pause_wanted_ = false;

  std::mutex mutex_;
  std::condition_variable followers_wake_;
  std::deque<caf::resumable*> queue_;
  std::atomic<size_t> queued_ = 0;
  std::atomic<size_t> following_ = 0;
  bool take_over_ = false;
  std::atomic<bool> stopping_ = false;
  std::mutex ended_at_stop_mutex_;
  std::vector<caf::weak_actor_ptr> ended_at_stop_;

  std::mutex freezing_;
  std::condition_variable thawed_;
  struct errand {
    caf::actor_id who;
    std::function<void()> what;
  };
  std::optional<errand> errand_;
  std::atomic<bool> frozen_ = false;

  shm::turn polling_;
  std::atomic<bool> parked_ = false;
  std::atomic<bool> guarded_ = false;
  std::atomic<bool> trim_due_ = false;
  std::atomic<bool> checking_ = false;
  std::atomic<bool> crowded_ = false;
  std::atomic<size_t> step_ = step_max;
  wait_list waits_;
  request_waits request_waits_;
  std::atomic<bool> requests_watched_ = false;

  std::mutex links_mutex_;
  link_list links_;
  std::atomic<uint64_t> links_version_ = 0;
  /// The poller's copy of `links_`.
  link_list polled_;
  uint64_t polled_version_ = 0;
  bool sweep_due_ = false;
  unsigned told_loops_ = 0;
};

} // namespace bulkhead::runtime
