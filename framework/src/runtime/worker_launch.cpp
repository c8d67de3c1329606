// How a worker process is started: regions, command line, hello.

#include "bulkhead/platform/executable_file.hpp"
#include "bulkhead/platform/null_device.hpp"
#include "bulkhead/platform/pipe.hpp"
#include "bulkhead/platform/socket_pair.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/caf_node.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/worker_output.hpp"
#include "bulkhead/runtime/worker_process.hpp"

#include <caf/actor_system.hpp>
#include <caf/config.hpp>

#include <algorithm>
#include <cerrno>

namespace bulkhead::runtime {

namespace {

caf::error as_error(const platform::os_error& failed) {
  return caf::make_error(errc::resources_exhausted, failed.message());
}

caf::error start_error(const platform::os_error& failed, const worker_options& options) {
  auto call = std::string_view{failed.call};
  auto& program = options.command_prefix.empty() ? options.program : options.command_prefix.front();
  if (call == "execve")
    return caf::make_error(errc::program_not_found, program, failed.message());
  if (call == "chdir")
    return caf::make_error(errc::invalid_option, std::string{"working_directory"}, options.working_directory,
                           failed.message());
  return as_error(failed);
}

std::string_view name_part(std::string_view assignment) {
  return assignment.substr(0, assignment.find('='));
}

// The host's variables, with those of the options put in or in their place.
std::vector<std::string> merged(std::vector<std::string> base, const std::vector<std::string>& more) {
  for (auto& assignment : more) {
    std::erase_if(base, [&](auto& x) { return name_part(x) == name_part(assignment); });
    base.push_back(assignment);
  }
  return base;
}

constexpr int standard_error = 2;

} // namespace

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
  if (auto failed = launch()) {
    finish_start(std::move(failed));
    return;
  }
  watch_exit();
  if (auto failed = say_hello()) {
    finish_start(std::move(failed));
    return;
  }
  watch_control();
  timer_->expires_after(options_.startup_timeout);
  timer_->async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (cancelled || self->state_ != state::starting)
      return;
    self->hit_limit("startup_timeout", static_cast<uint64_t>(self->options_.startup_timeout.count()));
    self->finish_start(caf::make_error(errc::startup_timeout, self->options_.startup_timeout.count()));
  });
}

caf::error worker_process::launch() {
  auto edge = transport::make_edge({options_.mailbox_bytes, transport::control_ring_bytes},
                                   tracked_tickets(options_));
  if (!edge)
    return as_error(edge.error());
  auto control = platform::socket_pair::create();
  if (!control)
    return as_error(control.error());
  auto spec = make_spec(*edge, control->theirs.get());
  if (!spec) {
    handed_over_.clear();
    return std::move(spec.error());
  }
  auto started = platform::process::start(*spec);
  handed_over_.clear();
  if (!started)
    return start_error(started.error(), options_);
  process_.emplace(std::move(*started));
  started_at_ = std::chrono::steady_clock::now();
  pid_ = process_->pid();
  edge_.emplace(std::move(edge->host));
  control_->assign(control->ours.release());
  for (auto& x : outputs_)
    x->start();
  return {};
}

caf::expected<platform::process_spec> worker_process::make_spec(const transport::new_edge& edge, int control) {
  platform::process_spec spec;
  auto program = options_.program.empty() ? platform::program_path() : options_.program;
  spec.arguments = options_.command_prefix;
  // Tools show the name, and a debugger opens it; the worker itself is started through the path that cannot change.
  auto named = options_.program.empty() && !options_.command_prefix.empty();
  spec.program = options_.command_prefix.empty() ? program : options_.command_prefix.front();
  spec.arguments.push_back(options_.program.empty() ? platform::program_name() : program);
  if (!named && !options_.command_prefix.empty())
    spec.arguments.back() = program;
  if (file_)
    spec.program = file_->path();
  spec.arguments.insert(spec.arguments.end(), options_.arguments.begin(), options_.arguments.end());
  spec.environment = merged(platform::environment(), options_.environment);
  spec.environment = merged(std::move(spec.environment),
                            {std::string{transport::worker_variable} + "="
                             + std::to_string(transport::protocol_version)});
  spec.working_directory = options_.working_directory;
  using namespace transport;
  spec.passed = {{control, worker_fd::control},
                 {edge.down_region.fd(), worker_fd::down_region},
                 {edge.up_region.fd(), worker_fd::up_region},
                 {edge.host.peer_bell.fd(), worker_fd::worker_bell},
                 {edge.host.own_bell.fd(), worker_fd::host_bell},
                 {edge.channel.get(), worker_fd::channel}};
  if (edge.ticket_states)
    spec.passed.push_back({edge.ticket_states->fd(), worker_fd::ticket_states});
  if (auto failed = redirect_outputs(spec))
    return failed;
  return spec;
}

caf::error worker_process::redirect_outputs(platform::process_spec& spec) {
  auto interactive = !options_.command_prefix.empty();
  auto null = platform::open_null();
  if (!null)
    return as_error(null.error());
  spec.passed.push_back({interactive ? 0 : null->get(), 0});
  for (auto target : {1, standard_error}) {
    auto where = target == 1 ? options_.standard_output : options_.standard_error;
    if (interactive || where == output::inherit) {
      spec.passed.push_back({target, target});
    } else if (where == output::discard) {
      spec.passed.push_back({null->get(), target});
    } else {
      auto pipe = platform::pipe_pair::create();
      if (!pipe)
        return as_error(pipe.error());
      spec.passed.push_back({pipe->write_end.get(), target});
      handed_over_.push_back(std::move(pipe->write_end));
      outputs_.push_back(std::make_shared<worker_output>(
        host_.the_keeper().context(), std::move(pipe->read_end),
        [this, owner = weak_from_this(), is_error = target == standard_error](std::string_view line) {
          auto alive = owner.lock();
          if (!alive)
            return;
          lines_.add(line, is_error);
          host_.log("[worker " + std::to_string(place().slot) + "." + std::to_string(place().incarnation) + " pid "
                    + std::to_string(pid_) + "] " + std::string{line});
        }));
    }
  }
  handed_over_.push_back(std::move(*null));
  return {};
}

caf::error worker_process::say_hello() {
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
  what.geometry = edge_->rings;
  what.message_bytes_max = options_.message_bytes_max;
  what.backlog = backlog_of(options_);
  what.payload_bytes_max = options_.payload_bytes_max;
  what.fallback = options_.when_payloads_full;
  what.memory_bytes_max = options_.memory_bytes_max;
  what.wait = options_.wait;
  what.tracked_tickets = tracked_tickets(options_);
  what.spin_ns = host_.spin_ns();
  what.stays = stays_ ? 1 : 0;
  auto sent = transport::send_hello(control_->native_handle(), what);
  // A worker that is gone already is reported by its exit.
  if (!sent && sent.error().number != EPIPE && sent.error().number != ECONNRESET)
    return as_error(sent.error());
  return {};
}

} // namespace bulkhead::runtime
