#include "bulkhead/executor.hpp"

#include "bulkhead/runtime/caf_scheduler.hpp"
#include "bulkhead/runtime/executor_core.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/task_runner.hpp"
#include "bulkhead/runtime/worker_main.hpp"
#include "bulkhead/this_task.hpp"

#include <utility>

namespace bulkhead {

struct detail::executor_state {
  ~executor_state() {
    if (core)
      core->shutdown(at_shutdown::finish);
  }

  caf::actor_system& system;
  std::shared_ptr<runtime::executor_core> core;
};

executor::executor(caf::actor_system& system, executor_options options) {
  std::shared_ptr<runtime::executor_core> core;
  if (auto host = runtime::host_system::of(system)) {
    core = std::make_shared<runtime::executor_core>(*host, std::move(options));
    core->start();
  }
  state_ = std::shared_ptr<detail::executor_state>{new detail::executor_state{system, std::move(core)}};
}

executor executor::with(task_options options) const {
  auto result = *this;
  result.options_ = options;
  return result;
}

void executor::submit_call(const runtime::task_entry& function, caf::message arguments,
                           std::shared_ptr<runtime::outcome_base> result, bool may_wait) const {
  if (state_->core)
    state_->core->submit(std::make_shared<runtime::task>(function, std::move(arguments), options_, std::move(result)),
                         may_wait);
  else
    result->fail(runtime::no_host_error());
}

future<void> executor::when_room() const {
  auto result = std::make_shared<runtime::outcome<void>>();
  if (state_->core)
    state_->core->when_room(result);
  else
    result->fail(runtime::no_host_error());
  return future<void>{std::move(result)};
}

void executor::shutdown(at_shutdown how) const {
  if (state_->core)
    state_->core->shutdown(how);
}

caf::error executor::shutdown_and_wait(at_shutdown how) const {
  shutdown(how);
  if (!state_->core)
    return {};
  if (runtime::caf_scheduler::current_unit() != nullptr)
    return caf::make_error(errc::would_block, explain(errc::would_block));
  state_->core->wait();
  return {};
}

size_t executor::workers() const {
  return state_->core ? state_->core->workers() : 0;
}

size_t executor::unfinished() const {
  return state_->core ? state_->core->unfinished() : 0;
}

executor_status executor::status() const {
  return state_->core ? state_->core->status() : executor_status{};
}

caf::actor_system& executor::system() const noexcept {
  return state_->system;
}

bool this_task::stop_requested() noexcept {
  return runtime::asked_to_stop();
}

} // namespace bulkhead
