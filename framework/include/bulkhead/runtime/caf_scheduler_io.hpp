#pragma once

#include "bulkhead/runtime/alarm.hpp"
#include "bulkhead/runtime/caf_clock.hpp"
#include "bulkhead/runtime/caf_scheduler.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/running_time.hpp"

#include <caf/execution_unit.hpp>
#include <caf/proxy_registry.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

namespace bulkhead::runtime {

/// Until the cost of a wake-up has been measured.
constexpr uint32_t default_spin_ns = 50'000;

/// A measurement on a busy machine may be far off.
constexpr uint32_t spin_ns_min = 5'000;
constexpr uint32_t spin_ns_max = 200'000;

/// How long after the last record the unused proxies are looked for.
constexpr std::chrono::milliseconds sweep_delay{20};

/// How long a poller may stay away while others sleep: the shortest time while it does stay away now and then. Each tick takes a
/// core from who works on it for a while, so the time doubles up to the longest while all goes well.
constexpr std::chrono::microseconds guard_period_min{200};
constexpr std::chrono::microseconds guard_period_max{3'200};

/// For how long memory for payloads is kept that nobody uses: taking it anew costs as much as writing it once.
constexpr std::chrono::seconds idle_memory_kept{1};

/// How long a closed link keeps its memory: to give it back takes as long as a successor needs for its first answer.
constexpr std::chrono::milliseconds let_go_delay{5};

/// How often receivers at their limits are looked at.
constexpr std::chrono::milliseconds check_period{50};

constexpr unsigned guard_quiet_ticks_max = 3;

/// Watches the bell of one link. The descriptor stays the link's.
struct bell_watch {
  bell_watch(boost::asio::io_context& io, std::shared_ptr<link> watched);
  ~bell_watch();

  std::shared_ptr<link> of;
  boost::asio::posix::stream_descriptor descriptor;
};

/// A thread of the scheduler, and the jobs that it has found and runs itself, unless it hangs in one of them.
///
/// Thread safety: `waiting` and `take_from_stuck` from any thread, the rest on its own.
struct caf_scheduler::worker final : caf::execution_unit {
  using job_list = std::deque<caf::resumable*>;

  worker(caf_scheduler& owner, caf::proxy_registry& proxies) : caf::execution_unit(&owner.system()), owner_(owner) {
    proxies_ = &proxies;
  }

  void exec_later(caf::resumable* job) override {
    add(job);
    owner_.start_guard();
  }

  void add(caf::resumable* job) {
    if (!owner_.serves(*this)) {
      owner_.enqueue(job);
      return;
    }
    std::lock_guard guard{mutex_};
    local_.push_back(job);
    waiting_ = local_.size();
  }

  /// Takes up the next one; null if there is none.
  caf::resumable* next() {
    std::lock_guard guard{mutex_};
    if (local_.empty())
      return nullptr;
    ++begun_;
    auto job = local_.front();
    local_.pop_front();
    waiting_ = local_.size();
    return job;
  }

  /// How many jobs wait.
  [[nodiscard]] size_t waiting() const noexcept {
    return waiting_;
  }

  /// It takes up a job that is none of these.
  void begin() {
    std::lock_guard guard{mutex_};
    ++begun_;
  }

  job_list take_half();
  job_list take_all();

  /// The jobs that wait behind one that was running at the last call and still is.
  job_list take_from_stuck();

  unsigned turns_without_io = 0;

  /// Under the mutex of duties: whether it may run a handler while another thread polls, and whether it has never stood by.
  bool is_away = false;
  bool is_new = true;

private:
  caf_scheduler& owner_;
  std::mutex mutex_;
  job_list local_;
  std::atomic<size_t> waiting_ = 0;
  uint64_t begun_ = 0;
  uint64_t begun_at_last_look_ = 0;
};

/// What the scheduler has of Asio, kept out of its header.
struct caf_scheduler::io_part {
  io_part(keeper& k, std::function<alarm::time_point()> run_clock);

  /// Sleeps until a handler has run. Returns how many did.
  size_t wait();
  size_t wait_for(std::chrono::milliseconds max);

  void tick_later(std::function<void()> tick);

  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  std::list<std::shared_ptr<bell_watch>> bells;

  // Of the keeper's thread:
  alarm clock_alarm;
  boost::asio::steady_timer guard_timer;
  boost::asio::steady_timer trim_timer;
  boost::asio::steady_timer let_go_timer;
  std::vector<std::shared_ptr<link>> leaving;
  boost::asio::steady_timer check_timer;
  running_time check_time;
  boost::asio::steady_timer request_timer;
  uint64_t guard_seen_turns = 0;
  std::chrono::microseconds guard_period = guard_period_min;
  unsigned guard_quiet_ticks = 0;
};

} // namespace bulkhead::runtime
