#pragma once

#include "bulkhead/runtime/stack_names.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace bulkhead::runtime {

/// Finds the names of functions in files that a dead process has named. Such a file may be anything, and may change while it is read: it
/// is opened in a process of its own, with limits for memory, time and files. That process runs the host's program, which becomes a helper
/// where it would become a worker.
///
/// Thread safety: any thread. Lifetime: as a value.
class naming_helper {
public:
  /// @param environment of the helper, see `platform::process_spec`.
  explicit naming_helper(std::vector<std::string> environment) : environment_(std::move(environment)) {
    // nop
  }

  /// Waits for the answer; on a thread that lives longer than this call, and that nobody waits for.
  /// @param budget after that the helper is killed, and what it has found by then is the answer.
  [[nodiscard]] stack_names ask(const name_question& what, std::chrono::milliseconds budget) const;

private:
  std::vector<std::string> environment_;
};

/// To be called by a program's main function in the host, before any helper is asked for: only a program that says so becomes a helper
/// and not a second host.
void allow_naming_helpers() noexcept;

/// Whether a host started this process as a helper. Ask before anything else is done in `main`.
[[nodiscard]] bool is_naming_helper();

/// Answers the question on standard input, to standard output.
/// @returns the exit status for `main`.
[[nodiscard]] int serve_names();

} // namespace bulkhead::runtime
