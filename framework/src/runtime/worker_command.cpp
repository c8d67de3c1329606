#include "bulkhead/runtime/worker_command.hpp"

#include "bulkhead/platform/exec_failure.hpp"
#include "bulkhead/platform/executable_file.hpp"
#include "bulkhead/platform/null_device.hpp"
#include "bulkhead/platform/pipe.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/worker_output.hpp"
#include "bulkhead/runtime/worker_settings.hpp"
#include "bulkhead/transport/handshake.hpp"
#include "bulkhead/transport/kernel_refusal.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

namespace bulkhead::runtime {

namespace {

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

platform::process_spec command_of(const worker_options& options, const std::vector<std::string>& inherited,
                                  const platform::executable_file* file) {
  platform::process_spec spec;
  auto program = options.program.empty() ? platform::program_path() : options.program;
  spec.arguments = options.command_prefix;
  // Tools show the name, and a debugger opens it; the worker itself is started through the path that cannot change.
  auto named = options.program.empty() && !options.command_prefix.empty();
  spec.program = options.command_prefix.empty() ? program : options.command_prefix.front();
  spec.arguments.push_back(options.program.empty() ? platform::program_name() : program);
  if (!named && !options.command_prefix.empty())
    spec.arguments.back() = program;
  if (file != nullptr)
    spec.program = file->path();
  spec.arguments.insert(spec.arguments.end(), options.arguments.begin(), options.arguments.end());
  spec.environment = merged(inherited, options.environment);
  std::string handed_over{transport::worker_variable};
  handed_over += '=';
  handed_over += std::to_string(transport::protocol_version);
  spec.environment = merged(std::move(spec.environment), {std::move(handed_over)});
  spec.working_directory = options.working_directory;
  // Until it survives them: a Ctrl-C may come before its `main`.
  spec.blocked = platform::group_signals();
  return spec;
}

caf::expected<std::optional<platform::memory_file>> settings_file(const caf::actor_system_config& host,
                                                                  const worker_options& options) {
  auto content = settings_for_worker(host, options.arguments);
  if (!content)
    return std::move(content.error());
  if (content->empty())
    return std::optional<platform::memory_file>{};
  auto file = platform::memory_file::create_with("bulkhead-settings", std::as_bytes(std::span{*content}));
  if (!file)
    return transport::kernel_refusal(file.error());
  return std::optional{std::move(*file)};
}

caf::expected<standard_streams> open_streams(boost::asio::io_context& io, const worker_options& options,
                                             const std::function<void(std::string_view line, bool is_error)>& sink) {
  standard_streams streams;
  auto interactive = !options.command_prefix.empty();
  auto null = platform::open_null();
  if (!null)
    return transport::kernel_refusal(null.error());
  streams.passed.push_back({interactive ? 0 : null->get(), 0});
  for (auto target : {1, standard_error}) {
    auto where = target == 1 ? options.standard_output : options.standard_error;
    if (interactive || where == output::inherit) {
      streams.passed.push_back({target, target});
    } else if (where == output::discard) {
      streams.passed.push_back({null->get(), target});
    } else {
      auto pipe = platform::pipe_pair::create();
      if (!pipe)
        return transport::kernel_refusal(pipe.error());
      streams.passed.push_back({pipe->write_end.get(), target});
      streams.handed_over.push_back(std::move(pipe->write_end));
      streams.readers.push_back(std::make_shared<worker_output>(
        io, std::move(pipe->read_end),
        [sink, is_error = target == standard_error](std::string_view line) { sink(line, is_error); }));
      if (auto unwatched = streams.readers.back()->failure())
        return caf::make_error(errc::resources_exhausted, "epoll_ctl: " + unwatched.message());
    }
  }
  streams.handed_over.push_back(std::move(*null));
  return streams;
}

caf::error start_error(const platform::os_error& failed, const worker_options& options,
                       const platform::process_spec& spec) {
  auto call = std::string_view{failed.call};
  if (call == "chdir")
    return caf::make_error(errc::invalid_option, std::string{"working_directory"}, options.working_directory,
                           failed.message());
  if (call != "execve" || failed.number == ENOSYS || failed.number == EPERM)
    return transport::kernel_refusal(failed);
  auto text = failed.message();
  if (auto why = platform::exec_failure(spec, failed.number); !why.empty())
    text += ": " + why;
  switch (failed.number) {
  case E2BIG:
  case ENOMEM:
  case EAGAIN:
  case EMFILE:
  case ENFILE:
    return caf::make_error(errc::resources_exhausted, std::move(text));
  default:
    break;
  }
  auto own = options.program.empty() && options.command_prefix.empty();
  if (own && failed.number == ENOENT)
    return caf::make_error(errc::startup_failed, std::move(text));
  auto program = options.command_prefix.empty() ? options.program : options.command_prefix.front();
  return caf::make_error(errc::program_not_found, own ? platform::program_name() : program, std::move(text));
}

} // namespace bulkhead::runtime
