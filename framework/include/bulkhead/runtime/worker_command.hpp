#pragma once

#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/platform/process.hpp"
#include "bulkhead/platform/unique_fd.hpp"
#include "bulkhead/runtime/worker_options.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace bulkhead::platform {
class executable_file;
} // namespace bulkhead::platform

namespace bulkhead::runtime {

class worker_output;

/// Program, command line, environment and folder of a process with `options`, but none of its descriptors.
/// @param inherited variables that `options` add to, or replace.
/// @param file executed instead of what stands at the path of the program; null if that is the same.
[[nodiscard]] platform::process_spec command_of(const worker_options& options,
                                                const std::vector<std::string>& inherited,
                                                const platform::executable_file* file);

/// What a process with `options` learns of the host's configuration (`settings_for_worker`); empty if that is nothing.
[[nodiscard]] caf::expected<std::optional<platform::memory_file>> settings_file(const caf::actor_system_config& host,
                                                                                const worker_options& options);

/// Standard input, output and error of a new process, which goes without the first unless it has a terminal.
struct standard_streams {
  std::vector<platform::process_spec::passed_fd> passed;
  /// To be kept until the process has them.
  std::vector<platform::unique_fd> handed_over;
  /// What reads the other ends; to be started once the process exists, and closed when it has ended.
  std::vector<std::shared_ptr<worker_output>> readers;
};

/// @param sink gets each line that goes to the log, on the keeper's thread.
/// @returns `errc::resources_exhausted` when descriptors are used up.
[[nodiscard]] caf::expected<standard_streams>
open_streams(boost::asio::io_context& io, const worker_options& options,
             const std::function<void(std::string_view line, bool is_error)>& sink);

/// What `process::start` has failed with for `spec`, in the words of the options.
[[nodiscard]] caf::error start_error(const platform::os_error& failed, const worker_options& options,
                                     const platform::process_spec& spec);

} // namespace bulkhead::runtime
