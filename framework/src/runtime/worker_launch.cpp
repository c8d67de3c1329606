// How a worker process is started: regions, command line, hello.

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/platform/executable_file.hpp"
#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/platform/socket_pair.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/caf_node.hpp"
#include "bulkhead/runtime/fork_server.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/worker_command.hpp"
#include "bulkhead/runtime/worker_output.hpp"
#include "bulkhead/runtime/worker_process.hpp"
#include "bulkhead/transport/kernel_refusal.hpp"

#include <caf/actor_system.hpp>
#include <caf/config.hpp>

#include <cerrno>
#include <utility>

namespace bulkhead::runtime {

void worker_process::execute(std::shared_ptr<const platform::executable_file> file) {
  file_ = std::move(file);
}

void worker_process::start(std::function<void(caf::error)> ready) {
  ready_ = std::move(ready);
  if (stop_wanted_) {
    finish_start(caf::make_error(errc::shutting_down));
    return;
  }
  state_ = state::starting;
  if (options_.fork_server)
    ask_for_copy();
  else
    start_program();
}

void worker_process::start_program() {
  if (auto failed = launch(false)) {
    finish_start(std::move(failed));
    return;
  }
  limit_start();
  watch_process();
}

void worker_process::limit_start() {
  start_deadline_ = std::chrono::steady_clock::now() + options_.startup_timeout;
  timer_->start(options_.startup_timeout, [self = shared_from_this()] {
    if (self->state_ != state::starting)
      return;
    if (self->awaits_copy_)
      self->fork_server_->distrust(self->options_.startup_timeout);
    self->hit_limit("startup_timeout", static_cast<uint64_t>(self->options_.startup_timeout.count()));
    self->finish_start(caf::make_error(errc::startup_timeout, self->options_.startup_timeout.count()));
  });
}

// The process exists.
void worker_process::watch_process() {
  started_at_ = std::chrono::steady_clock::now();
  pid_ = process_->pid();
  for (auto& x : outputs_)
    x->start();
  boost::system::error_code failed;
  pidfd_->assign(process_->pidfd(), failed);
  if (failed)
    poll_exit();
  else
    watch_exit();
  watch_control();
}

caf::error worker_process::launch(bool as_copy) {
  auto edge = transport::make_edge({options_.mailbox_bytes, transport::control_ring_bytes}, tracked_tickets(options_));
  if (!edge)
    return transport::kernel_refusal(edge.error());
  auto control = platform::socket_pair::create();
  if (!control)
    return transport::kernel_refusal(control.error());
  auto streams = open_streams(host_.the_keeper().context(), options_,
                              [this, owner = weak_from_this()](std::string_view line, bool is_error) {
                                if (auto alive = owner.lock())
                                  on_line(line, is_error);
                              });
  if (!streams)
    return std::move(streams.error());
  using namespace transport;
  auto passed = std::move(streams->passed);
  passed.insert(passed.end(), {{control->theirs.get(), worker_fd::control},
                               {edge->down_region.fd(), worker_fd::down_region},
                               {edge->up_region.fd(), worker_fd::up_region},
                               {edge->host.peer_bell.fd(), worker_fd::worker_bell},
                               {edge->host.own_bell.fd(), worker_fd::host_bell},
                               {edge->channel.get(), worker_fd::channel}});
  if (edge->ticket_states)
    passed.push_back({edge->ticket_states->fd(), worker_fd::ticket_states});
  caf::expected<std::optional<platform::memory_file>> settings{std::nullopt};
  if (!as_copy)
    settings = settings_file(host_.system().config(), options_);
  if (!settings)
    return std::move(settings.error());
  if (*settings)
    passed.push_back({(*settings)->fd(), worker_fd::settings});
  if (auto failed = as_copy ? request_copy(control->ours.get(), passed) : execute_program(std::move(passed)))
    return failed;
  // It waits for the hello, and uses nothing before.
  auto reserved = reserve_pages(*edge);
  auto greeted =
    reserved ? say_hello(control->ours.get(), edge->host.rings, *settings ? (*settings)->size() : 0) : reserved;
  if (!greeted) {
    process_.reset();
    if (as_copy)
      fork_server_->end_copy(std::move(control->ours));
    return transport::kernel_refusal(greeted.error());
  }
  outputs_ = std::move(streams->readers);
  edge_.emplace(std::move(edge->host));
  boost::system::error_code unwatched;
  control_->assign(control->ours.get(), unwatched);
  if (unwatched) {
    process_.reset();
    if (as_copy)
      fork_server_->end_copy(std::move(control->ours));
    return caf::make_error(errc::resources_exhausted, "epoll_ctl: " + unwatched.message());
  }
  (void) control->ours.release();
  return {};
}

caf::error worker_process::execute_program(std::vector<platform::process_spec::passed_fd> passed) {
  auto spec = command_of(options_, host_.environment(), file_.get());
  spec.passed = std::move(passed);
  auto started = platform::process::start(spec);
  if (!started)
    return start_error(started.error(), options_, spec);
  process_.emplace(std::move(*started));
  return {};
}

void worker_process::on_line(std::string_view line, bool is_error) {
  lines_.add(line, is_error);
  for (auto& shown : line_limit_.pass(line, platform::now_ns()))
    log(shown);
}

void worker_process::log(std::string_view line) {
  host_.log("[worker " + std::to_string(place().slot) + "." + std::to_string(place().incarnation) + " pid "
            + std::to_string(pid_) + "] " + std::string{line});
}

platform::result<void> worker_process::say_hello(int control, shm::geometry rings, uint64_t settings_bytes) {
  transport::hello what;
  what.caf_version = CAF_VERSION;
  what.host_pid = platform::pid();
  what.type_table = transport::type_table_digest();
  what.number = number_;
  what.slot = place().slot;
  what.incarnation = place().incarnation;
  if (auto parts = parts_of(host_.system().node())) {
    what.host_node_process = parts->process;
    what.host_node_key = parts->key;
  }
  what.key = host_.routes().key();
  what.geometry = rings;
  what.message_bytes_max = options_.message_bytes_max;
  what.backlog = backlog_of(options_);
  what.payload_bytes_max = options_.payload_bytes_max;
  what.fallback = options_.when_payloads_full;
  what.memory_bytes_max = options_.memory_bytes_max;
  what.wait = options_.wait;
  what.tracked_tickets = tracked_tickets(options_);
  what.spin_ns = host_.spin_ns();
  what.stays = stays_ ? 1 : 0;
  what.blocked_signals = platform::blocked_signals();
  what.settings_bytes = settings_bytes;
  auto sent = transport::send_hello(control, what);
  // A worker that is gone already is reported by its exit.
  if (!sent && (sent.error().number == EPIPE || sent.error().number == ECONNRESET))
    return {};
  return sent;
}

} // namespace bulkhead::runtime
