// How a worker process comes as a copy of one that is loaded already.

#include "bulkhead/platform/executable_file.hpp"
#include "bulkhead/platform/fd_passing.hpp"
#include "bulkhead/runtime/fork_server.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/worker_command.hpp"
#include "bulkhead/runtime/worker_output.hpp"
#include "bulkhead/runtime/worker_process.hpp"
#include "bulkhead/transport/copy_request.hpp"
#include "bulkhead/transport/kernel_refusal.hpp"

#include <cerrno>
#include <utility>

namespace bulkhead::runtime {

void worker_process::ask_for_copy() {
  auto server = host_.fork_server_for(options_, file_);
  fork_server_ = server;
  server->prepare([self = shared_from_this()](const caf::expected<bool>& usable) {
    if (self->state_ != state::starting)
      return;
    if (!usable)
      self->finish_start(usable.error());
    else if (!*usable || self->launch(true))
      self->start_program();
    else {
      self->limit_start();
      self->await_copy();
    }
  });
}

caf::error worker_process::request_copy(int control, const std::vector<platform::process_spec::passed_fd>& passed) {
  auto asked = platform::tell_senders(control);
  if (asked)
    asked = fork_server_->ask_for_copy(passed);
  return asked ? caf::error{} : transport::kernel_refusal(asked.error());
}

void worker_process::await_copy() {
  awaits_copy_ = true;
  control_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](boost::system::error_code failed) {
                         if (!failed && self->state_ == state::starting)
                           self->on_copy();
                       });
}

void worker_process::on_copy() {
  auto copy = transport::receive_copy(control_->native_handle());
  if (!copy && copy.error().number == EAGAIN && copy.error().call != transport::clone_call) {
    await_copy();
    return;
  }
  awaits_copy_ = false;
  if (copy) {
    process_.emplace(std::move(*copy));
    is_copy_ = true;
    fork_server_->has_copied();
    watch_process();
    return;
  }
  if (copy.error().call == transport::clone_call) {
    finish_start(transport::kernel_refusal(copy.error()));
    return;
  }
  // There may be a copy that died before it could say so, or that finds its control socket closed.
  host_.expect_stray();
  timer_->cancel();
  boost::system::error_code ignored;
  control_->close(ignored);
  for (auto& x : outputs_)
    x->close();
  outputs_.clear();
  edge_.reset();
  start_program();
}

} // namespace bulkhead::runtime
