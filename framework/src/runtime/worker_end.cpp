// How a worker process ends: by request, by force, or by itself.

#include "bulkhead/platform/exit_status.hpp"
#include "bulkhead/runtime/fork_server.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/spare_pool.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/runtime/worker_output.hpp"
#include "bulkhead/runtime/worker_process.hpp"

#include <caf/exit_reason.hpp>

#include <algorithm>
#include <memory>

namespace bulkhead::runtime {

namespace {

constexpr int kill_signal = 9;

/// Between two looks at a process whose descriptor cannot be watched.
constexpr std::chrono::milliseconds exit_period{50};

constexpr int terminate_signal = 15;

/// Between two looks at a signal that is pending.
constexpr std::chrono::milliseconds pending_pause_min{5};
constexpr std::chrono::milliseconds pending_pause_max{1000};

constexpr const char* kernel_limit = "kernel";

/// From the end of its lifeline to the end of a worker that cannot be killed.
constexpr std::chrono::seconds lifeline_grace{5};

} // namespace

void worker_process::stop() {
  if (!alive())
    return;
  stop_wanted_ = true;
  host_.the_keeper().post([self = shared_from_this()] {
    auto was = self->state_.load();
    if (was == state::starting) {
      self->finish_start(caf::make_error(errc::shutting_down));
    } else if (was == state::ready) {
      self->state_ = state::stopping;
      self->the_link()->tell(transport::record_kind::stop);
      self->arm_kill_timer();
    }
  });
}

void worker_process::arm_kill_timer() {
  timer_->start(options_.stop_timeout, [self = shared_from_this()] {
    self->stop_timed_out_ = true;
    self->hit_limit("stop_timeout", static_cast<uint64_t>(self->options_.stop_timeout.count()));
    self->kill();
  });
}

void worker_process::kill() noexcept {
  if (!alive())
    return;
  host_.the_keeper().post([self = shared_from_this()] { self->kill_now(); });
}

void worker_process::kill_now() noexcept {
  if (!process_)
    return;
  killed_ = true;
  if (!process_->kill(kill_signal))
    cut_lifeline();
}

// A host that may not signal it, because it has given up its privileges: the worker ends by itself when it sees this.
void worker_process::cut_lifeline() noexcept {
  boost::system::error_code ignored;
  control_->close(ignored);
  timer_->start(lifeline_grace, [self = shared_from_this()] {
    if (!self->process_)
      return;
    self->log("cannot be killed, and is left behind");
    self->on_exit({platform::exit_status::kind::unknown, 0});
  });
}

// The first one is the cause of what follows.
void worker_process::hit_limit(const char* option, uint64_t value) {
  std::lock_guard guard{mutex_};
  if (!limit_.empty())
    return;
  limit_ = option;
  limit_value_ = value;
}

void worker_process::terminate(std::chrono::milliseconds grace) {
  if (!alive())
    return;
  host_.the_keeper().post([self = shared_from_this(), grace] {
    if (self->state_ == state::starting) {
      self->stop();
      return;
    }
    if (!self->process_)
      return;
    {
      std::lock_guard guard{self->mutex_};
      if (self->verdict_.empty())
        self->verdict_ = "was ended by force";
    }
    if (grace.count() == 0) {
      self->kill_now();
      return;
    }
    self->killed_ = true;
    self->order_end(pending_pause_min);
    self->timer_->start(grace, [self] { self->kill(); });
  });
}

// SIGTERM that has gone to all processes just before would swallow the order.
void worker_process::order_end(std::chrono::milliseconds pause) {
  if (!process_)
    return;
  if (!process_->is_pending(terminate_signal)) {
    process_->order_end();
    return;
  }
  auto later = std::make_shared<limit_timer>(host_.the_keeper().context());
  later->start(pause, [self = shared_from_this(), later, pause] {
    self->order_end(std::min<std::chrono::milliseconds>(2 * pause, pending_pause_max));
  });
}

void worker_process::freeze() {
  asked_for_state_ = false;
  freezing_ = true;
  if (auto via = the_link())
    via->tell(transport::record_kind::freeze);
}

void worker_process::thaw() {
  if (auto via = the_link())
    via->tell(transport::record_kind::thaw);
}

void worker_process::retire() {
  retired_ = true;
  the_link()->tell(transport::record_kind::stop, 1);
  arm_kill_timer();
}

std::optional<uint64_t> worker_process::private_bytes() const {
  return process_ ? process_->private_bytes() : std::nullopt;
}

void worker_process::on_corrupt(const std::string& complaint) {
  {
    std::lock_guard guard{mutex_};
    if (complaint_.empty())
      complaint_ = complaint;
  }
  kill();
}

void worker_process::on_backlog(backlog_event what) {
  what.slot = place().slot;
  what.incarnation = place().incarnation;
  what.pid = pid_;
  host_.publish(what);
}

void worker_process::on_waits(std::vector<wait_edge> all) {
  host_.waits_of(number_, std::move(all));
}

// Without a place in the kernel's tables of what is watched.
void worker_process::poll_exit() {
  auto timer = std::make_shared<boost::asio::steady_timer>(host_.the_keeper().context(), exit_period);
  timer->async_wait([self = shared_from_this(), timer](boost::system::error_code cancelled) {
    if (cancelled || !self->process_)
      return;
    if (auto status = self->process_->try_reap())
      self->on_exit(*status);
    else
      self->poll_exit();
  });
}

void worker_process::watch_exit() {
  pidfd_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code failed) {
                       // Whoever took it from the spares may have seen its end first, when this was on its way already.
                       if (failed == boost::asio::error::operation_aborted || !self->process_)
                         return;
                       if (failed) {
                         self->poll_exit();
                         return;
                       }
                       if (auto status = self->process_->try_reap())
                         self->on_exit(*status);
                       else
                         self->watch_exit(); // see `keeper`
                     });
}

void worker_process::on_exit(platform::exit_status status) {
  pidfd_->release();
  if (state_ != state::starting)
    hear_goodbye(); // it may not have been read yet
  boost::system::error_code ignored;
  control_->close(ignored);
  timer_->cancel();
  for (auto& x : outputs_)
    x->close();
  outputs_.clear();
  if (auto dropped = line_limit_.rest())
    log(*dropped);
  auto was = state_.load();
  auto via = the_link();
  if (was == state::starting && ready_) {
    if (auto death = certificate(status))
      report_death(*death, {});
    state_ = state::dead;
    process_.reset();
    if (via) {
      via->close(std::nullopt);
      host_.remove(via);
    }
    auto how = status.describe();
    if (status.how == platform::exit_status::kind::exited && !via)
      how +=
        " before it was a worker: its main has to call bulkhead::run_if_worker first, or to be made by BULKHEAD_MAIN";
    finish_start(caf::make_error(errc::startup_failed, std::move(how)));
    return;
  }
  // Reading what is left first: the worker may have reported its roots' ends before its own.
  if (via)
    via->drain();
  auto own = certificate(status);
  // One that was to be replaced has a successor, however it has ended.
  auto death = own;
  if (retired_) {
    death = death_without_cause(status);
    death->cause = death_cause::recycled;
  }
  // No time to end in was what the options wanted.
  auto as_ordered = stop_timed_out_ && options_.stop_timeout.count() == 0;
  state_ = state::dead;
  std::map<uint64_t, root> left;
  {
    std::lock_guard guard{mutex_};
    left.swap(roots_);
  }
  request_set kept;
  if (slot_ && via) {
    // The handle outlives the process, and must not end with its names.
    for (auto& [id, x] : left)
      host_.routes().forget_alias({number_, x.local});
    kept = slot_->settle(*this, *via, death);
  }
  if (via) {
    via->close(death, kept);
    host_.remove(via);
  }
  auto reason = death ? make_error(*death) : caf::make_error(caf::exit_reason::user_shutdown);
  for (auto& [id, x] : left)
    end_root(id, x, reason);
  // A successor shall not wait for what is found out about this one.
  if (slot_)
    slot_->process_ended(*this, death);
  if ((own || retired_) && !start_refused_ && !as_ordered)
    report_death(own ? *own : *death, left);
  process_.reset();
  if (auto pool = spare_of_.lock(); pool && was != state::starting) // a start that failed is told as such
    pool->lost(*this, death);
  has_ended();
}

void worker_process::when_gone(std::function<void()> what) {
  gone_ = std::move(what);
}

void worker_process::has_ended() {
  spares_.reset();
  if (fork_server_)
    fork_server_->linger();
  fork_server_.reset();
  pidfd_.reset();
  control_.reset();
  timer_.reset();
  auto gone = std::exchange(gone_, nullptr);
  host_.ended(shared_from_this());
  if (gone)
    gone();
}

// Under the mutex.
bool worker_process::ended_in_order(platform::exit_status status) const {
  using kind = platform::exit_status::kind;
  auto was_to_end = state_ == state::stopping || retired_ || (roots_.empty() && had_roots_);
  // The application may take the status away (SIGCHLD ignored, wait for any child).
  auto went_well = status == platform::exit_status{kind::exited, 0} || (status.how == kind::unknown && said_goodbye_);
  return was_to_end && went_well;
}

worker_death worker_process::death_without_cause(platform::exit_status status) const {
  worker_death result;
  result.slot = place().slot;
  result.incarnation = place().incarnation;
  result.pid = pid_;
  result.status = status.value;
  return result;
}

// Empty if the worker ended in good order: it was told to, or had nothing left to do.
std::optional<worker_death> worker_process::certificate(platform::exit_status status) {
  using kind = platform::exit_status::kind;
  std::lock_guard guard{mutex_};
  auto result = death_without_cause(status);
  if (!complaint_.empty()) {
    result.cause = death_cause::corrupt;
    result.detail = complaint_;
    return result;
  }
  if (ended_in_order(status))
    return std::nullopt;
  if (!verdict_.empty()) {
    result.cause = verdict_cause_;
    result.detail = verdict_;
    return result;
  }
  result.cause = status.how == kind::signaled ? death_cause::signaled : death_cause::exited;
  if (link_ && link_->last_words() == static_cast<uint32_t>(death_cause::out_of_memory))
    result.cause = death_cause::out_of_memory;
  if (status == platform::exit_status{kind::signaled, kill_signal} && !killed_ && host_.memory_ran_out()) {
    result.cause = death_cause::out_of_memory;
    limit_ = kernel_limit;
  }
  if (stop_timed_out_) {
    result.cause = death_cause::stopped;
    result.detail = "did not end within " + std::to_string(options_.stop_timeout.count()) + " ms and was killed";
    return result;
  }
  result.detail = status.describe();
  if (link_ && result.cause == death_cause::signaled)
    if (auto thrown = exception_in(link_->black_box().scene); !thrown.type.empty())
      result.detail += ", " + thrown.type + (thrown.text.empty() ? "" : ": " + thrown.text);
  return result;
}

} // namespace bulkhead::runtime
