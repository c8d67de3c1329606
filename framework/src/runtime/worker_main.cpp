#include "bulkhead/runtime/worker_main.hpp"

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/platform/crash_handler.hpp"
#include "bulkhead/platform/fd_passing.hpp"
#include "bulkhead/platform/group_signals.hpp"
#include "bulkhead/platform/kernel_features.hpp"
#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/platform/process_limits.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/caf_progress.hpp"
#include "bulkhead/runtime/fork_server_main.hpp"
#include "bulkhead/runtime/naming_helper.hpp"
#include "bulkhead/runtime/task_runner.hpp"
#include "bulkhead/runtime/worker_settings.hpp"
#include "bulkhead/runtime/worker_system.hpp"
#include "bulkhead/shm/notes.hpp"
#include "bulkhead/transport/codec.hpp"
#include "bulkhead/transport/edge.hpp"
#include "bulkhead/transport/handshake.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/config.hpp>
#include <caf/thread_hook.hpp>

#include <boost/system/system_error.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

namespace bulkhead::runtime {

namespace {

constexpr int usage_error = 64;
constexpr int out_of_memory_status = 71;

// The globals: a new_handler gets no argument, and neither does whoever marks a moment.
std::byte* region_for_last_words = nullptr;
std::atomic<shm::recorder_memory*> own_recorder = nullptr;

/// What threads of actors may use until the process has ended. Never destroyed: an actor that does not end must not keep the process.
struct lasting_parts {
  lasting_parts(caf::actor_system_config& cfg, shm::recorder_memory& memory, const transport::hello& host)
    : recorder(memory), progress(cfg.profiler, recorder, host.number, host.tracked_tickets > 0) {
    cfg.profiler = &progress;
  }

  shm::flight_recorder recorder;
  caf_progress progress;
  std::optional<caf::actor_system> system;
};
lasting_parts* parts = nullptr;

// After a failed allocation nothing can be trusted to work, least of all an orderly report.
void on_out_of_memory() {
  platform::write_out_of_memory();
  shm::leave_last_words(region_for_last_words, static_cast<uint32_t>(death_cause::out_of_memory));
  std::_Exit(out_of_memory_status);
}

/// Set once, by the thread that runs `main`.
std::atomic<bool> handed_over = false;

constexpr const char* never_handed_over =
  "this process was started as a worker, but its main makes a host before it has called bulkhead::run_if_worker: call "
  "that first, or use BULKHEAD_MAIN";

int refuse(int control, const transport::verdict& why) {
  (void) transport::send_verdict(control, why);
  return EXIT_FAILURE;
}

/// @returns what it could not get, such as a thread.
std::optional<std::string> start_system(caf::actor_system_config& cfg) {
  const std::string cannot_start = "the worker's actor system cannot be started: ";
  try {
    parts->system.emplace(cfg);
    return std::nullopt;
  } catch (const std::system_error& failed) {
    return cannot_start + failed.what();
  } catch (const boost::system::system_error& failed) { // of Asio
    return cannot_start + failed.what();
  }
}

/// Threads of the actor system that have begun.
std::atomic<uint32_t> threads_begun = 0;

/// CAF starts two, one for the others and one for its printer; the third runs the actors.
constexpr uint32_t threads_at_least = 3;

// A thread that begins looks at the configuration, which ends with `main`: one that begins only then would find it gone.
void wait_for_threads() {
  constexpr int tries_max = 1000;
  for (int i = 0; i < tries_max && threads_begun < threads_at_least; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
}

/// So that an overflow of a thread's stack can be written down.
class stack_hook final : public caf::thread_hook {
public:
  void init(caf::actor_system&) override {
    // nop
  }
  void thread_started() override {
    platform::add_alternate_stack();
    ++threads_begun;
  }
  void thread_terminates() override {
    // nop
  }
};

caf::error read_settings(size_t bytes, caf::actor_system_config& cfg) {
  auto file = platform::memory_file::adopt(platform::unique_fd{transport::worker_fd::settings}, bytes);
  if (!file)
    return caf::make_error(errc::startup_failed, file.error().message());
  auto memory = file->map_readonly();
  if (!memory)
    return caf::make_error(errc::startup_failed, memory.error().message());
  return take_settings({memory->data(), bytes}, cfg);
}

transport::hello own_hello() {
  transport::hello result;
  result.caf_version = CAF_VERSION;
  result.type_table = transport::type_table_digest();
  return result;
}

} // namespace

void mark_moment(std::string_view text) noexcept {
  if (auto memory = own_recorder.load())
    shm::flight_recorder{*memory}.mark(text, platform::now_ns());
}

bool is_worker() {
  static const bool answer = platform::take_environment_variable(transport::worker_variable).has_value();
  return answer;
}

caf::error refuse_host() {
  if (is_naming_helper())
    platform::exit_now(usage_error);
  if (!is_worker())
    return {};
  if (handed_over)
    return caf::make_error(errc::nested_worker, explain(errc::nested_worker));
  std::fprintf(stderr, "bulkhead: %s\n", never_handed_over);
  std::fflush(stderr);
  // The hello is read first: to close the socket before would throw the answer away.
  if (transport::receive_hello(transport::worker_fd::control))
    (void) transport::send_verdict(transport::worker_fd::control, {errc::startup_failed, never_handed_over});
  platform::exit_now(usage_error);
}

caf::error no_host_error() {
  return is_worker() ? caf::make_error(errc::nested_worker, explain(errc::nested_worker)) : not_loaded_error();
}

int run_worker(caf::actor_system_config& cfg) {
  handed_over = true;
  // Commands that a handler runs get none of them.
  for (auto number = transport::worker_fd::control; number < transport::worker_fd::end; ++number)
    platform::close_on_exec(number);
  platform::unique_fd control{transport::worker_fd::control};
  auto host = transport::receive_hello(control.get());
  if (!host) {
    std::fprintf(stderr,
                 "bulkhead: %s is set, but no host speaks on descriptor %d (%s). Start workers through a host.\n",
                 transport::worker_variable, transport::worker_fd::control, host.error().message().c_str());
    return usage_error;
  }
  // What goes to a whole terminal or service is for the host to decide on.
  platform::survive_group_signals(host->blocked_signals);
  platform::survive_broken_pipes();
  if (!transport::is_initialized(caf::type_id_v<errc>) || !transport::is_initialized(caf::type_id_v<caf::error>))
    return refuse(control.get(), {errc::types_not_initialized, explain(errc::types_not_initialized)});
  if (auto verdict = transport::compare(*host, own_hello()); verdict.code != errc::none)
    return refuse(control.get(), verdict);
  if (auto missing = host->makes_copies != 0 ? platform::missing_kernel_feature() : platform::missing_memory_feature())
    return refuse(control.get(), {errc::startup_failed, *missing});
  if (host->settings_bytes > 0)
    if (auto failed = read_settings(host->settings_bytes, cfg))
      return refuse(control.get(), {errc::invalid_option, explanation_in(failed)});
  platform::name_process(host->makes_copies != 0 ? "fork server" : "worker");
  if (host->makes_copies != 0) {
    serve_copies(std::move(control), *host);
    platform::name_process("worker");
    control = platform::unique_fd{transport::worker_fd::control};
    host = transport::receive_hello(control.get());
    if (!host)
      return EXIT_FAILURE; // it does not want this copy any more
  }
  using namespace transport;
  auto edge = adopt_edge(host->geometry, platform::unique_fd{worker_fd::down_region},
                         platform::unique_fd{worker_fd::up_region}, platform::unique_fd{worker_fd::worker_bell},
                         platform::unique_fd{worker_fd::host_bell}, platform::unique_fd{worker_fd::channel});
  if (!edge)
    return refuse(control.get(), {errc::startup_failed, edge.error().message()});
  if (host->tracked_tickets > 0)
    if (auto added = adopt_ticket_states(*edge, platform::unique_fd{worker_fd::ticket_states}, host->tracked_tickets);
        !added)
      return refuse(control.get(), {errc::startup_failed, added.error().message()});
  auto box = shm::black_box_of(edge->own.data(), edge->rings);
  platform::write_crashes_to(box->scene);
  cfg.add_thread_hook<stack_hook>();
  own_recorder = &box->recorder;
  parts = new lasting_parts{cfg, box->recorder, *host};
  // Lines reach the host's log when they are complete, although standard output is no terminal.
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  region_for_last_words = edge->own.data();
  std::set_new_handler(on_out_of_memory);
  cfg.set("caf.scheduler.max-threads", 1);
  add_task_runner(cfg);
  cfg.module_factories.push_back([&host](caf::actor_system& system) -> caf::actor_system::module* {
    return new worker_system{system, *host};
  });
  if (auto failed = start_system(cfg))
    platform::exit_now(refuse(control.get(), {errc::resources_exhausted, *failed}));
  auto& system = *parts->system;
  platform::accept_group_signals(); // in this thread, which runs no actors
  auto& self = static_cast<worker_system&>(system.scheduler());
  if (host->memory_bytes_max > 0)
    if (auto limited = platform::limit_data_bytes(host->memory_bytes_max); !limited)
      platform::exit_now(
        refuse(control.get(), {errc::invalid_option, "memory_bytes_max: " + limited.error().message()}));
  auto socket = control.get();
  self.connect(std::move(*edge), std::move(control));
  if (!transport::send_verdict(socket, {}))
    platform::exit_now(EXIT_FAILURE);
  self.wait_for_end();
  // From here on the host limits the time, and knows an end in good order even if the status of this process gets lost.
  (void) transport::send_verdict(socket, {errc::shutting_down, {}});
  wait_for_threads();
  return self.finish() ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace bulkhead::runtime
