#pragma once

#include "crash/actors.hpp"

#include <bulkhead/platform/process.hpp>
#include <bulkhead/platform/unique_fd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace crash {

/// One of the child programs, as a host of its own, with a pipe for its standard output.
struct child_host {
  bulkhead::platform::process process;
  bulkhead::platform::unique_fd output;
};

/// @param more_environment entries of the form NAME=value, besides this program's own.
child_host start_child_host(const std::string& name, const std::vector<std::string>& more_environment);

/// What it writes until `mark` is in it; without a mark, to its end.
std::string read_output(child_host& from, std::string_view mark = {});

} // namespace crash
