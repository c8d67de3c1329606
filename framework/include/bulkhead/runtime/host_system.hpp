#pragma once

#include "bulkhead/platform/oom_kills.hpp"
#include "bulkhead/runtime/caf_scheduler.hpp"
#include "bulkhead/runtime/pool_options.hpp"
#include "bulkhead/runtime/death_reporter.hpp"
#include "bulkhead/runtime/listener_list.hpp"
#include "bulkhead/runtime/upgrade_options.hpp"
#include "bulkhead/runtime/worker_options.hpp"
#include "bulkhead/supervision/dead_letter_box.hpp"
#include "bulkhead/transport/backlog_event.hpp"
#include "bulkhead/transport/codec.hpp"
#include "bulkhead/transport/supervision_event.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::platform {
class executable_file;
} // namespace bulkhead::platform

namespace bulkhead::runtime {

class actor_pool;
class fork_server;
class slot_owner;
class spare_pool;
class supervised_slot;
class worker_process;
struct worker_place;

using spawn_callback = std::function<void(caf::expected<caf::strong_actor_ptr>)>;
using start_callback = std::function<void(caf::expected<std::shared_ptr<worker_process>>)>;

/// How many messages that were given up are kept, and how large all of them may be together.
struct dead_letter_limits {
  uint32_t letters_max = 100;
  uint64_t bytes_max = uint64_t{16} << 20;
};

/// The host's runtime: a scheduler that also owns the worker processes.
///
/// Thread safety: all public functions from any thread; callbacks come on any thread and must be short. Lifetime: a module
/// of the actor system; `stop` ends all workers.
class host_system final : public caf_scheduler {
public:
  /// @param certificates where the certificates of deaths go besides.
  /// @param wrong what each attempt to start a worker will be answered with, if not empty.
  explicit host_system(caf::actor_system& system, wait_options waiting = {}, certificate_files certificates = {},
                       dead_letter_limits letters = {}, caf::error wrong = {});

  ~host_system() override;

  /// The runtime of `system`, or null if it was not loaded.
  static host_system* of(caf::actor_system& system) noexcept;

  /// Starts a worker that lives until it is stopped.
  /// @param gone called once its process is gone, or could not be started.
  /// @returns the worker while it starts, so that it can be stopped before it is up; null if `done` has an error already.
  std::shared_ptr<worker_process> start_worker(worker_options options, start_callback done,
                                               std::function<void()> gone = {});

  /// What workers inherit: the variables at the start of the actor system. The application may change its own at any time, and nothing
  /// guards them against a thread that reads.
  [[nodiscard]] const std::vector<std::string>& environment() const noexcept {
    return environment_;
  }

  /// What each attempt to start a worker is answered with; none if the host's options make sense.
  [[nodiscard]] const caf::error& unusable() const noexcept {
    return unusable_;
  }

  /// Spawns an actor in a worker of its own, which ends with its actors.
  void spawn(worker_options options, transport::spawn_request what, spawn_callback done);

  /// Spawns actors that share one handle, each in a supervised worker of its own.
  void spawn_pool(pool_options options, transport::spawn_request what, spawn_callback done);

  /// Writes to the host's log: a line, or several.
  void log(std::string lines);

  /// Ends the process of an actor by force, see `host::kill`.
  bool kill(const caf::strong_actor_ptr& actor, std::chrono::milliseconds grace);

  /// Brings another program to a supervised actor or a pool, see `host::upgrade`. `done` is called once, on any thread.
  void upgrade(const caf::strong_actor_ptr& actor, const upgrade_options& what, std::function<void(caf::error)> done);

  /// Where `log` goes; standard error by default. The sink is called on the keeper's thread and must not block.
  void log_to(std::function<void(std::string_view line)> sink);

  /// Sends each event to `listener` as a message, for as long as that lives.
  void subscribe(const caf::strong_actor_ptr& listener);

  /// Tells those who subscribed.
  void publish(const backlog_event& what);
  void publish(const supervision_event& what);
  void publish(const death_certificate& what);

  /// A worker has died.
  void report(draft_certificate what);

  /// Messages that were given up.
  [[nodiscard]] supervision::dead_letter_box& dead_letters() noexcept {
    return dead_letters_;
  }

  /// Whether the kernel has killed a process for lack of memory since the last look. Of the keeper's thread.
  [[nodiscard]] bool memory_ran_out();

  /// These actors of a worker wait for room.
  void waits_of(transport::process_number process, std::vector<wait_edge> all);

  /// A worker has ended. Of the keeper's thread.
  void ended(const std::shared_ptr<worker_process>& who);

  /// A handle has ended for good. Of the keeper's thread.
  void ended(const std::shared_ptr<supervised_slot>& who);
  void ended(const std::shared_ptr<actor_pool>& who);

  /// Null when the host ends.
  [[nodiscard]] std::shared_ptr<supervised_slot> make_slot(worker_options options, transport::spawn_request what,
                                                           std::weak_ptr<slot_owner> owner);

  /// Null when the host ends. For a process of `slot`, or one that waits in `spare_of`, unless these are null.
  [[nodiscard]] std::shared_ptr<worker_process> make_worker(worker_options options, bool stays,
                                                            const worker_place& place,
                                                            std::shared_ptr<supervised_slot> slot,
                                                            std::weak_ptr<spare_pool> spare_of = {});

  /// The spares of all that was spawned with these options; null if they want none. Of the keeper's thread.
  [[nodiscard]] std::shared_ptr<spare_pool> spares_for(const worker_options& options);

  /// The fork server of all workers that start this way. Of the keeper's thread.
  /// @param file executed instead of what stands at the path of the program; null if that is the same.
  [[nodiscard]] std::shared_ptr<fork_server>
  fork_server_for(const worker_options& options, const std::shared_ptr<const platform::executable_file>& file);

  /// A fork server may have made a copy that died before it could say who it is: it is reaped. Of the keeper's thread.
  void expect_stray();

  /// So many spares more are ready.
  void spares_changed(int64_t by) noexcept {
    ready_spares_ += by;
  }

  /// Processes that wait, ready to be taken.
  [[nodiscard]] size_t ready_spares() const noexcept {
    return static_cast<size_t>(ready_spares_.load());
  }

  /// So many messages were dropped outside of any link.
  void note_dropped(uint64_t count);

  [[nodiscard]] size_t live_workers() const;

  /// Messages that were dropped, here and in workers, because a mailbox was full or its worker gone.
  [[nodiscard]] uint64_t dropped_messages() const;

  // -- module -----------------------------------------------------------------

  void stop() override;

private:
  bool on_waiting(std::vector<wait_edge> all) override;
  void on_lapsed(const request_set& over) override;
  void look_behind_pools(std::vector<wait_edge>& all);
  void break_circle(const std::vector<wait_edge>& circle);
  std::shared_ptr<worker_process> make_worker(worker_options options, bool stays);
  void send_all(const caf::message& what);
  void begin(const std::shared_ptr<worker_process>& who, std::function<void(caf::error)> ready);
  void spawn_in(const std::shared_ptr<worker_process>& who, transport::spawn_request what, spawn_callback done);
  void spawn_with_spares(worker_options options, transport::spawn_request what, spawn_callback done);
  void spawn_in_process(transport::spawn_request what, const spawn_callback& done);
  void stop_workers();
  void close_fork_servers();
  void look_for_strays();
  [[nodiscard]] bool is_known(int pid) const;

  const std::vector<std::string> environment_;
  caf::error unusable_;

  mutable std::mutex mutex_;
  std::condition_variable all_ended_;
  std::set<std::shared_ptr<worker_process>> workers_;
  std::set<std::shared_ptr<supervised_slot>> supervised_;
  std::set<std::shared_ptr<actor_pool>> pools_;
  transport::process_number next_number_ = transport::host_process + 1;
  uint32_t next_slot_ = 0;
  bool closing_ = false;
  /// On their way to the keeper.
  size_t spawns_ = 0;
  std::atomic<int64_t> ready_spares_ = 0;
  /// Of the keeper's thread.
  std::vector<std::weak_ptr<spare_pool>> spares_;
  std::vector<std::weak_ptr<fork_server>> fork_servers_;
  std::optional<boost::asio::steady_timer> strays_timer_;
  std::chrono::milliseconds strays_pause_{0};
  /// By workers, and to workers that have ended.
  uint64_t dropped_elsewhere_ = 0;
  std::function<void(std::string_view)> log_sink_;
  listener_list listeners_;
  wait_graph waits_of_all_;
  platform::oom_kills oom_kills_;
  supervision::dead_letter_box dead_letters_;
  std::unique_ptr<death_reporter> reporter_;
};

} // namespace bulkhead::runtime
