// How a worker process comes up: its verdict, its link, its initializer.

#include "bulkhead/platform/socket_pair.hpp"
#include "bulkhead/runtime/fork_server.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/task_runner.hpp"
#include "bulkhead/runtime/worker_output.hpp"
#include "bulkhead/runtime/worker_process.hpp"

#include <cerrno>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// Between the end of the lifeline and the end of the process.
constexpr std::chrono::milliseconds exit_grace{500};

} // namespace

void worker_process::watch_control() {
  control_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](boost::system::error_code failed) {
                         if (!failed)
                           self->on_verdict();
                       });
}

void worker_process::on_verdict() {
  if (state_ != state::starting) {
    on_word_after_start();
    return;
  }
  auto answer = transport::receive_verdict(control_->native_handle());
  if (!answer && answer.error().number == EAGAIN) {
    watch_control();
    return;
  }
  if (!answer && answer.error().number == ECONNRESET) {
    // Most likely it ended, and the exit explains it better.
    timer_->start(exit_grace, [self = shared_from_this()] {
      if (self->state_ == state::starting)
        self->finish_start(caf::make_error(errc::startup_failed, "it closed its control socket before it was ready"));
    });
    return;
  }
  if (!answer) {
    finish_start(caf::make_error(errc::startup_failed, answer.error().message()));
    return;
  }
  if (answer->code != errc::none) {
    finish_start(caf::make_error(answer->code, answer->text));
    return;
  }
  connect();
  watch_control();
}

// After the verdict a worker says only that it begins to end in good order; or else it is about to exit, or closed its end of the
// lifeline.
void worker_process::on_word_after_start() {
  if (auto any = platform::wait_readable(control_->native_handle(), {}); any && !*any) {
    watch_control(); // see `keeper`
    return;
  }
  hear_goodbye();
  if (state_ != state::ready)
    return; // its time is limited already
  if (said_goodbye_) {
    if (!retired_)
      arm_kill_timer();
    return;
  }
  timer_->start(exit_grace, [self = shared_from_this()] {
    if (self->state_ == state::ready)
      self->on_corrupt("it closed its control socket");
  });
}

void worker_process::hear_goodbye() {
  if (said_goodbye_ || !control_->is_open())
    return;
  if (auto any = platform::wait_readable(control_->native_handle(), {}); !any || !*any)
    return;
  auto word = transport::receive_verdict(control_->native_handle());
  said_goodbye_ = word && word->code == errc::shutting_down;
}

void worker_process::connect() {
  link_limits limits{
    {options_.message_bytes_max}, {options_.payload_bytes_max, options_.when_payloads_full}, backlog_of(options_)};
  auto made = link::make(host_.routes(), number_, std::move(*edge_), limits, *this);
  edge_.reset();
  {
    std::lock_guard guard{mutex_};
    link_ = made;
  }
  host_.routes().attach(number_, made);
  host_.add(made);
  if (options_.finalizer.function != 0)
    functions_.push_back(request_to_run_last(options_.finalizer));
  if (options_.initializer.function != 0)
    functions_.push_back(request_to_run("the initializer", options_.initializer));
  if (options_.preload.function != 0 && !is_copy_)
    functions_.push_back(request_to_run("preload", options_.preload));
  run_next_function();
}

void worker_process::run_next_function() {
  if (functions_.empty()) {
    become_ready();
    return;
  }
  auto request = std::move(functions_.back());
  functions_.pop_back();
  the_link()->spawn(initializer_root, request);
}

void worker_process::on_initialized(const caf::error& failed) {
  if (state_ != state::starting)
    return;
  if (failed)
    finish_start(failed);
  else
    run_next_function();
}

void worker_process::become_ready() {
  auto expected = state::starting;
  state_.compare_exchange_strong(expected, state::ready);
  timer_->cancel();
  auto ready = std::move(ready_);
  ready_ = nullptr;
  if (ready)
    ready({});
}

void worker_process::finish_start(caf::error reason) {
  auto ready = std::move(ready_);
  ready_ = nullptr;
  boost::system::error_code ignored;
  if (std::exchange(awaits_copy_, false))
    fork_server_->end_copy(platform::unique_fd{control_->release()});
  else
    control_->close(ignored);
  timer_->cancel();
  if (process_) {
    // The exit follows, and cleans up.
    std::unique_lock guard{mutex_};
    start_refused_ = limit_.empty();
    guard.unlock();
    kill_now();
  } else {
    state_ = state::dead;
    for (auto& x : outputs_)
      x->close();
    outputs_.clear();
    has_ended();
  }
  if (ready)
    ready(std::move(reason));
}

} // namespace bulkhead::runtime
