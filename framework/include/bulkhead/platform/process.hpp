#pragma once

#include "bulkhead/platform/exit_status.hpp"
#include "bulkhead/platform/group_signals.hpp"
#include "bulkhead/platform/os_error.hpp"
#include "bulkhead/platform/unique_fd.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace bulkhead::platform {

/// Everything that a new process gets. Of what does not stand here it inherits limits, and the signals that are ignored or blocked.
struct process_spec {
  /// A path, relative to `working_directory`; or a name without a slash, which is looked up in this process's PATH.
  std::string program;

  /// The new process's argv, [0] included.
  std::vector<std::string> arguments;

  /// Its complete environment, each NAME=value.
  std::vector<std::string> environment;

  /// Empty: that of this process.
  std::string working_directory;

  /// A descriptor of this process and its number in the new one.
  struct passed_fd {
    int source;
    int target;
  };

  /// The descriptors of the new process; every other one is closed, 0, 1 and 2 too unless they stand here. A source may
  /// be the target of another entry and may stand in several entries; a target may not.
  std::vector<passed_fd> passed;

  /// Signals that are blocked when its program begins, besides those that the calling thread blocks.
  signal_set blocked = 0;
};

/// What a process has used, with those of its own children that it has waited for.
struct resource_use {
  std::chrono::microseconds user_time{0};
  std::chrono::microseconds system_time{0};
  /// Most bytes that were present at one time, shared memory included. The kernel counts what its parent had when it was started
  /// as well; where that was more, the process's own peak is not known, and this is 0.
  uint64_t memory_peak_bytes = 0;
};

/// A child process that cannot outlive its owner.
///
/// The child gets SIGKILL when the *thread* that started it ends: start processes from a thread that lives as long as they may. It has no
/// signal handlers, and ignores the signals that this process ignores, except SIGCHLD, without which it could not wait for children.
///
/// Thread safety: `pid`, `pidfd` and `kill` from any thread, the rest from one at a time; `start` from any number of
/// threads. Lifetime: destroying a process that was not reaped kills it and waits for its end.
class process {
public:
  /// Starts `spec.program`. Returns when the program has been loaded or failed to be.
  /// @returns the call that failed, in the child or before: "execve" with ENOENT (no such program) or EACCES (not
  ///          executable), "chdir", "fcntl" with EBADF (a source that is not open), EINVAL or EMFILE (a target beyond the
  ///          limit of descriptors), "clone" with EAGAIN or ENOMEM, "passed_fd" with EINVAL (a target negative or used twice).
  [[nodiscard]] static result<process> start(const process_spec& spec);

  /// Takes over a child of this process that something else has started.
  /// @returns ECHILD if `pidfd` is not that of a child, or not of one with the number `expected`; EBADF if it is no pidfd.
  [[nodiscard]] static result<process> adopt(unique_fd pidfd, pid_t expected);

  process(process&& other) noexcept;
  process& operator=(process&& other) noexcept;
  ~process();

  /// Its number. After it was reaped the system may give the same number to another process.
  [[nodiscard]] pid_t pid() const noexcept {
    return pid_;
  }

  /// A descriptor that becomes readable when the process ends.
  [[nodiscard]] int pidfd() const noexcept {
    return pidfd_.get();
  }

  /// Bytes of memory that are present and no other process shares; empty once it has ended.
  [[nodiscard]] std::optional<uint64_t> private_bytes() const;

  /// Sends `signal`; does nothing if the process has ended. Never hits another process.
  /// @returns false if the kernel does not let this process do that, as after setuid(2).
  bool kill(int signal) const noexcept;

  /// Sends SIGTERM in a way that `survive_group_signals` tells from one that went to a whole group.
  /// @returns as `kill`.
  bool order_end() const noexcept;

  /// Whether `signal` waits to be delivered to the process. One that is sent meanwhile is lost, with all that it carries (signal(7)).
  [[nodiscard]] bool is_pending(int signal) const;

  /// Sends `signal` to the first of its threads with this name, of which the kernel knows 15 bytes.
  /// @returns false if there is none, or the process has ended.
  [[nodiscard]] bool signal_thread(int signal, std::string_view name) const;

  /// How the process ended, empty while it runs. The first call that sees the end frees its entry in the system's table;
  /// later calls repeat the answer.
  [[nodiscard]] std::optional<exit_status> try_reap() noexcept;

  /// As `try_reap`, but waits for the end, `max` at most.
  [[nodiscard]] std::optional<exit_status> reap_within(std::chrono::milliseconds max) noexcept;

  /// All zero until it was reaped.
  [[nodiscard]] const resource_use& used() const noexcept {
    return used_;
  }

  /// Whether a core was dumped when it ended.
  [[nodiscard]] bool dumped_core() const noexcept {
    return dumped_core_;
  }

private:
  process(pid_t pid, unique_fd pidfd) noexcept;

  void reap(int options) noexcept;

  void end() noexcept;

  pid_t pid_;
  unique_fd pidfd_;
  std::optional<exit_status> status_;
  resource_use used_;
  bool dumped_core_ = false;
  /// What the parent's memory had come to at the start.
  uint64_t inherited_peak_bytes_ = 0;
};

} // namespace bulkhead::platform
