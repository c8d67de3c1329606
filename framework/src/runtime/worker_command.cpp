#include "bulkhead/runtime/worker_command.hpp"

#include "bulkhead/platform/executable_file.hpp"
#include "bulkhead/platform/null_device.hpp"
#include "bulkhead/platform/pipe.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/worker_output.hpp"
#include "bulkhead/runtime/worker_settings.hpp"
#include "bulkhead/transport/handshake.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <algorithm>
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

platform::process_spec command_of(const worker_options& options, const platform::executable_file* file) {
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
  spec.environment = merged(platform::environment(), options.environment);
  std::string handed_over{transport::worker_variable};
  handed_over += '=';
  handed_over += std::to_string(transport::protocol_version);
  spec.environment = merged(std::move(spec.environment), {std::move(handed_over)});
  spec.working_directory = options.working_directory;
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
    return as_exhausted(file.error());
  return std::optional{std::move(*file)};
}

caf::expected<standard_streams> open_streams(boost::asio::io_context& io, const worker_options& options,
                                             const std::function<void(std::string_view line, bool is_error)>& sink) {
  standard_streams streams;
  auto interactive = !options.command_prefix.empty();
  auto null = platform::open_null();
  if (!null)
    return as_exhausted(null.error());
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
        return as_exhausted(pipe.error());
      streams.passed.push_back({pipe->write_end.get(), target});
      streams.handed_over.push_back(std::move(pipe->write_end));
      streams.readers.push_back(std::make_shared<worker_output>(
        io, std::move(pipe->read_end),
        [sink, is_error = target == standard_error](std::string_view line) { sink(line, is_error); }));
    }
  }
  streams.handed_over.push_back(std::move(*null));
  return streams;
}

caf::error start_error(const platform::os_error& failed, const worker_options& options) {
  auto call = std::string_view{failed.call};
  auto& program = options.command_prefix.empty() ? options.program : options.command_prefix.front();
  if (call == "execve")
    return caf::make_error(errc::program_not_found, program, failed.message());
  if (call == "chdir")
    return caf::make_error(errc::invalid_option, std::string{"working_directory"}, options.working_directory,
                           failed.message());
  return as_exhausted(failed);
}

caf::error as_exhausted(const platform::os_error& failed) {
  return caf::make_error(errc::resources_exhausted, failed.message());
}

} // namespace bulkhead::runtime
