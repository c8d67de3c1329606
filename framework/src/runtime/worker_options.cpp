#include "bulkhead/runtime/worker_options.hpp"

#include "bulkhead/shm/ticket_states.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead {

namespace {

constexpr uint32_t spares_max = 64;

caf::error invalid(const char* option, const char* rule) {
  return caf::make_error(errc::invalid_option, std::string{option}, std::string{rule});
}

// What goes to the new process as a C string must be one.
bool has_nul(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

bool any_has_nul(const std::vector<std::string>& texts) {
  return std::any_of(texts.begin(), texts.end(), has_nul);
}

caf::error check_command(const worker_options& options) {
  if (has_nul(options.program))
    return invalid("program", "must not contain a zero character");
  if (any_has_nul(options.arguments))
    return invalid("arguments", "must not contain a zero character");
  auto is_assignment = [](const std::string& x) { return x.find('=') != std::string::npos && x[0] != '='; };
  if (!std::all_of(options.environment.begin(), options.environment.end(), is_assignment))
    return invalid("environment", "each entry must have the form NAME=value");
  if (any_has_nul(options.environment))
    return invalid("environment", "must not contain a zero character");
  if (has_nul(options.working_directory))
    return invalid("working_directory", "must not contain a zero character");
  if (!options.command_prefix.empty() && options.command_prefix.front().empty())
    return invalid("command_prefix", "must start with a program");
  if (any_has_nul(options.command_prefix))
    return invalid("command_prefix", "must not contain a zero character");
  if (options.fork_server && !options.command_prefix.empty())
    return invalid("fork_server", "must be false with a command_prefix, which has to start each process itself");
  if (options.preload.function != 0 && !options.fork_server)
    return invalid("preload", "needs fork_server; what is to run in each process is its initializer");
  return {};
}

// Of an actor without a process. Limits of the way between processes are never reached there, which is no contradiction.
caf::error check_in_process(const worker_options& options) {
  const worker_options usual;
  constexpr const char* rule =
    "has no effect with placement::in_process, which starts no process: leave it out, or use own_process";
  const std::pair<const char*, bool> all[] = {
    {"program", options.program != usual.program},
    {"arguments", options.arguments != usual.arguments},
    {"environment", options.environment != usual.environment},
    {"working_directory", options.working_directory != usual.working_directory},
    {"command_prefix", options.command_prefix != usual.command_prefix},
    {"standard_output", options.standard_output != usual.standard_output},
    {"standard_error", options.standard_error != usual.standard_error},
    {"memory_bytes_max", options.memory_bytes_max != usual.memory_bytes_max},
    {"when_full", options.when_full != usual.when_full},
    {"when_slow", options.when_slow != usual.when_slow},
    {"restart", options.restart != usual.restart},
    {"recycle", options.recycle != usual.recycle},
    {"handler", options.handler != usual.handler},
    {"spares", options.spares != usual.spares},
    {"fork_server", options.fork_server != usual.fork_server},
    {"preload", options.preload != usual.preload},
    {"initializer", options.initializer != usual.initializer},
    {"finalizer", options.finalizer != usual.finalizer},
  };
  for (auto& [name, is_set] : all)
    if (is_set)
      return invalid(name, rule);
  return {};
}

// Options that each make sense, and have no effect or contradict each other.
caf::error check_together(const worker_options& options) {
  using namespace std::chrono_literals;
  if (options.where == placement::in_process)
    return check_in_process(options);
  if (options.when_slow == slow_consumer::kill && options.slow_after == 0ms)
    return invalid("when_slow",
                   "has no effect with a slow_after of 0, which is never: set slow_after, or leave it out");
  if (options.when_payloads_full != payload_fallback::copy && options.payload_bytes_max == 0)
    return invalid("when_payloads_full",
                   "has no effect with a payload_bytes_max of 0, which lends nothing: leave it out, or raise that");
  if (options.stop_timeout == 0ms && options.finalizer.function != 0)
    return invalid("finalizer", "never runs with a stop_timeout of 0, which kills at once: give it time");
  if (!options.command_prefix.empty())
    for (auto& [name, where] :
         {std::pair{"standard_output", options.standard_output}, std::pair{"standard_error", options.standard_error}})
      if (where == output::discard)
        return invalid(name, "cannot be discard with a command_prefix, which has the host's terminal: leave it out");
  // The starts of spares wait as restarts do.
  if (options.restart.when == restart_when::never && options.spares == 0)
    if (auto unused = supervision::check_unused(options.restart); !unused.option.empty())
      return caf::make_error(errc::invalid_option, unused.option, unused.rule);
  return {};
}

caf::error check_backlog(const worker_options& options) {
  using namespace std::chrono_literals;
  constexpr auto most = uint64_t{1} << 40;
  auto sensible = [](const backlog_limits& x) {
    return x.messages_max >= 1 && x.messages_max <= most && x.bytes_max >= 1 && x.bytes_max <= most;
  };
  if (!sensible(options.backlog))
    return invalid("backlog", "both limits must be between 1 and 2^40");
  if (!sensible(options.actor_backlog))
    return invalid("actor_backlog", "both limits must be between 1 and 2^40");
  if (options.when_full > overflow::drop_oldest)
    return invalid("when_full", "must be wait, fail, drop_newest or drop_oldest");
  if (options.slow_after < 0ms || options.slow_after > 24h)
    return invalid("slow_after", "must be between 0 ms and 24 hours");
  if (options.when_slow > slow_consumer::kill)
    return invalid("when_slow", "must be report or kill");
  return {};
}

} // namespace

backlog_options backlog_of(const worker_options& options) noexcept {
  return {options.backlog, options.actor_backlog, options.when_full, options.when_slow,
          static_cast<uint64_t>(options.slow_after.count())};
}

// There are never more than twice the limits.
uint32_t tracked_tickets(const worker_options& options) noexcept {
  if (options.restart.when == restart_when::never)
    return 0;
  return static_cast<uint32_t>(std::min<uint64_t>(2 * options.backlog.messages_max + 1, shm::tracked_tickets_max));
}

caf::error check(const worker_options& options) {
  using namespace std::chrono_literals;
  if (!shm::valid({options.mailbox_bytes, transport::control_ring_bytes}))
    return invalid("mailbox_bytes", "must be a power of two from 4 KiB to 1 GiB");
  if (options.startup_timeout < 1ms || options.startup_timeout > 24h)
    return invalid("startup_timeout", "must be between 1 ms and 24 hours");
  if (options.stop_timeout < 0ms || options.stop_timeout > 24h)
    return invalid("stop_timeout", "must be between 0 ms and 24 hours");
  if (options.message_bytes_max == 0 || options.message_bytes_max > uint64_t{1} << 40)
    return invalid("message_bytes_max", "must be between 1 and 2^40");
  if (options.payload_bytes_max > uint64_t{1} << 40)
    return invalid("payload_bytes_max", "must be between 0 and 2^40");
  if (options.when_payloads_full > payload_fallback::fail)
    return invalid("when_payloads_full", "must be copy or fail");
  if (options.standard_output > output::discard)
    return invalid("standard_output", "must be log, inherit or discard");
  if (options.standard_error > output::discard)
    return invalid("standard_error", "must be log, inherit or discard");
  if (options.wait > wait_strategy::busy)
    return invalid("wait", "must be adaptive, park or busy");
  if (options.where > placement::in_process)
    return invalid("where", "must be own_process or in_process");
  if (options.spares > spares_max)
    return invalid("spares", "must be between 0 and 64");
  if (auto wrong = supervision::check(options.restart); !wrong.option.empty())
    return caf::make_error(errc::invalid_option, wrong.option, wrong.rule);
  if (auto wrong = supervision::check(options.recycle, options.restart); !wrong.option.empty())
    return caf::make_error(errc::invalid_option, wrong.option, wrong.rule);
  if (auto wrong = supervision::check(options.handler, options.restart); !wrong.option.empty())
    return caf::make_error(errc::invalid_option, wrong.option, wrong.rule);
  if (auto wrong = check_backlog(options))
    return wrong;
  if (auto wrong = check_together(options))
    return wrong;
  return check_command(options);
}

} // namespace bulkhead
