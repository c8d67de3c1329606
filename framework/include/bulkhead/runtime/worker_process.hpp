#pragma once

#include "bulkhead/platform/process.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/line_limit.hpp"
#include "bulkhead/runtime/running_time.hpp"
#include "bulkhead/runtime/worker_options.hpp"
#include "bulkhead/runtime/written_lines.hpp"

#include <caf/expected.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace bulkhead::platform {
class executable_file;
} // namespace bulkhead::platform

namespace bulkhead::runtime {

class fork_server;
class host_system;
class spare_pool;
class supervised_slot;
class worker_output;

using spawn_callback = std::function<void(caf::expected<caf::strong_actor_ptr>)>;

/// Where a worker process stands: the host's name for its position, and which process in it. Incarnation 0 waits as a spare.
/// Aligned as one word, because clang calls libatomic for an atomic object whose type is aligned to less than its size.
struct alignas(uint64_t) worker_place {
  uint32_t slot;
  uint32_t incarnation;
};

static_assert(std::atomic<worker_place>::is_always_lock_free);

/// The host's view of one worker process, from before its start until after its end.
///
///        start            verdict            stop               pidfd
///   made -----> starting ---------> ready ---------> stopping ---------> dead
///                  |  timeout, refusal |  crash                            ^
///                  +-------------------+-----------------------------------+
///
/// Thread safety: `start` and everything about the process on the keeper's thread; `spawn`, `stop` and `kill` from any.
class worker_process final : public link_events, public std::enable_shared_from_this<worker_process> {
public:
  enum class state : uint8_t { made, starting, ready, stopping, dead };

  /// @param stays whether the worker lives on when its roots have ended.
  /// @param slot whose process it is, if that will be replaced; else null.
  /// @param spare_of where it waits until it is taken; else null.
  worker_process(host_system& host, transport::process_number number, worker_place place, worker_options options,
                 bool stays, std::shared_ptr<supervised_slot> slot, std::weak_ptr<spare_pool> spare_of);

  ~worker_process() override;

  /// Runs this instead of what stands at the path of its program. Before `start`.
  void execute(std::shared_ptr<const platform::executable_file> file);

  /// Starts the process. `ready` is called once, with an error if the worker did not come up.
  void start(std::function<void(caf::error)> ready);

  /// A spare goes to work. On the keeper's thread.
  /// @returns false if it has died.
  [[nodiscard]] bool take_over(const worker_place& place, std::shared_ptr<supervised_slot> slot);

  /// Its actor may be followed by others that take spares from there, for as long as this process lives. On the keeper's thread.
  void hold(std::shared_ptr<spare_pool> spares);

  /// Spawns a root. `done` is called once, from any thread.
  void spawn(transport::spawn_request what, spawn_callback done);

  /// Spawns the root of a slot, which has its handle already; `done` gets none.
  void spawn_root(uint64_t id, transport::spawn_request what, spawn_callback done);

  /// Asks the worker to end; it is killed when it takes longer than `stop_timeout`.
  void stop();

  void kill() noexcept;

  /// Kills it because its handler of `what` runs for too long; or, with `lapsed`, in vain.
  void overran(bool lapsed, const caf::message& what);

  /// Kills it because it gets nothing done.
  void stalled(std::string what);

  /// Kills it because it has hit a limit of an executor. From any thread.
  void end_by_limit(death_cause cause, const char* limit, uint64_t value, std::string why);

  /// Runs `what` when the process is gone, or could not be started. Before `start`.
  void when_gone(std::function<void()> what);

  /// Ends it with SIGTERM, and with SIGKILL if it still exists after `grace`; at once with SIGKILL if that is 0.
  void terminate(std::chrono::milliseconds grace);

  /// Lets it begin with no more messages, until `thaw`; the slot is told when that is so.
  void freeze();
  void thaw();

  /// Asks for the state of its actor, once it is frozen and if there is one that it was not asked for since: then it says so again
  /// when the host has it. Returns whether it was asked. On the keeper's thread, as the next two.
  [[nodiscard]] bool ask_for_state();
  [[nodiscard]] bool owes_state() const noexcept {
    return asked_for_state_ && freezing_;
  }

  /// Kills it because it takes too long to give its state.
  void keeps_its_state();

  /// Ends it because it is to be replaced. Once it is frozen. On the keeper's thread.
  void retire();

  /// See `platform::process`. On the keeper's thread.
  [[nodiscard]] std::optional<uint64_t> private_bytes() const;

  [[nodiscard]] transport::process_number number() const noexcept {
    return number_;
  }
  [[nodiscard]] worker_place place() const noexcept {
    return place_.load();
  }
  [[nodiscard]] int pid() const noexcept {
    return pid_;
  }
  [[nodiscard]] bool alive() const noexcept {
    return state_ != state::dead;
  }
  [[nodiscard]] bool ready() const noexcept {
    return state_ == state::ready;
  }
  [[nodiscard]] std::shared_ptr<link> the_link() const;

  // -- link_events ------------------------------------------------------------

  [[nodiscard]] bool owns_root(uint64_t root) const override;
  [[nodiscard]] bool on_rooted(uint64_t root, uint64_t local) override;
  void on_spawned(uint64_t root, caf::error reason) override;
  void on_root_down(uint64_t root, const caf::error& reason) override;
  void on_frozen(bool owes_state) override;
  void on_snapshot(uint64_t root, std::span<const std::byte> encoded) override;
  void on_corrupt(const std::string& complaint) override;
  void on_backlog(backlog_event what) override;
  void on_slow(const std::string& complaint) override;
  void on_waits(std::vector<wait_edge> all) override;

private:
  struct root {
    /// Whoever waits for the spawn, and what it will get.
    spawn_callback done;
    caf::strong_actor_ptr proxy;
    uint64_t local = 0;
    std::shared_ptr<limit_timer> deadline;
    /// What it was spawned as.
    std::string name;
  };

  void start_program();
  void ask_for_copy();
  void await_copy();
  void on_copy();
  caf::error launch(bool as_copy);
  void limit_start();
  void watch_process();
  caf::error execute_program(std::vector<platform::process_spec::passed_fd> passed);
  caf::error request_copy(int control, const std::vector<platform::process_spec::passed_fd>& passed);
  platform::result<void> say_hello(int control, shm::geometry rings, uint64_t settings_bytes);
  void on_line(std::string_view line, bool is_error);
  void log(std::string_view line);
  void await_verdict(std::function<void(caf::error)> ready);
  void on_verdict();
  void on_word_after_start();
  void hear_goodbye();
  void connect();
  void run_next_function();
  void become_ready();
  void on_initialized(const caf::error& failed);
  void finish_start(caf::error reason);
  void watch_exit();
  void poll_exit();
  void cut_lifeline() noexcept;
  void watch_control();
  void on_exit(platform::exit_status status);
  void kill_now() noexcept;
  void order_end(std::chrono::milliseconds pause);
  void hit_limit(const char* option, uint64_t value);
  [[nodiscard]] bool ended_in_order(platform::exit_status status) const;
  [[nodiscard]] worker_death death_without_cause(platform::exit_status status) const;
  std::optional<worker_death> certificate(platform::exit_status status);
  void report_death(const worker_death& death, const std::map<uint64_t, root>& left);
  caf::error make_root(uint64_t id, const transport::spawn_request& what, spawn_callback done,
                       std::shared_ptr<link>& via);
  std::optional<root> take_root(uint64_t id);
  void end_root(uint64_t id, root& what, const caf::error& reason);
  void limit_spawn(uint64_t id);
  void on_spawn_timeout(uint64_t id);
  void condemn(death_cause cause, std::string why);
  void abort_actors();
  void arm_kill_timer();
  void has_ended();

  host_system& host_;
  const transport::process_number number_;
  std::atomic<worker_place> place_;
  const worker_options options_;
  const bool stays_;
  // Not changed any more once it has a root:
  std::shared_ptr<supervised_slot> slot_;

  std::atomic<state> state_ = state::made;
  std::atomic<int> pid_ = 0;
  std::atomic<bool> stop_wanted_ = false;
  /// It was asked to freeze and has not said that it did.
  std::atomic<bool> freezing_ = false;
  /// It says that it has a state to hand over.
  std::atomic<bool> has_state_ = false;

  // Of the keeper's thread:
  std::weak_ptr<spare_pool> spare_of_;
  std::shared_ptr<spare_pool> spares_;
  bool stop_timed_out_ = false;
  bool retired_ = false;
  /// It has begun to end in good order.
  bool said_goodbye_ = false;
  /// Since it was asked to freeze.
  bool asked_for_state_ = false;
  /// Its start has failed for a reason that it gave itself, or is not wanted any more.
  bool start_refused_ = false;
  /// SIGKILL came from here.
  bool killed_ = false;
  std::chrono::steady_clock::time_point started_at_;
  /// The whole start is over by then; in the past for a spare.
  std::chrono::steady_clock::time_point start_deadline_;
  written_lines lines_;
  line_limit line_limit_;
  std::optional<platform::process> process_;
  std::optional<transport::edge> edge_;
  // Empty once the process has ended: handles to it may outlive the keeper.
  std::optional<boost::asio::posix::stream_descriptor> pidfd_;
  std::optional<boost::asio::posix::stream_descriptor> control_;
  std::optional<limit_timer> timer_;
  std::function<void(caf::error)> ready_;
  std::function<void()> gone_;
  std::vector<std::shared_ptr<worker_output>> outputs_;
  std::shared_ptr<const platform::executable_file> file_;
  std::shared_ptr<fork_server> fork_server_;
  bool awaits_copy_ = false;
  bool is_copy_ = false;
  /// What runs before its actor, the first one at the back.
  std::vector<transport::spawn_request> functions_;

  mutable std::mutex mutex_;
  std::shared_ptr<link> link_;
  std::map<uint64_t, root> roots_;
  std::string complaint_;
  /// Why the host kills it.
  std::string verdict_;
  death_cause verdict_cause_ = death_cause::stopped;
  /// The option whose limit or deadline it has hit, and its value.
  std::string limit_;
  uint64_t limit_value_ = 0;
  bool had_roots_ = false;
};

} // namespace bulkhead::runtime
