#pragma once

#include "bulkhead/platform/process.hpp"

#include <string>
#include <vector>

namespace bulkhead::platform {

/// Why execve(2) has failed, in words: what `errno` says of a file is true of several mistakes. The files are looked at now, and may have
/// changed since.
/// @param spec what was to be started.
/// @param number the `errno` of the call.
[[nodiscard]] std::string exec_failure(const process_spec& spec, int number);

/// The files that `process::start` tries for `program`, in their order.
[[nodiscard]] std::vector<std::string> program_files(const std::string& program);

} // namespace bulkhead::platform
