#pragma once

#include "bulkhead/platform/os_error.hpp"
#include "bulkhead/platform/unique_fd.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace bulkhead::platform {

/// A path that executes this very program, even if its file was replaced or removed since: "/proc/self/exe".
[[nodiscard]] std::string program_path();

/// The file that this program was started from, for messages; `program_path()` if the system does not tell.
[[nodiscard]] std::string program_name();

/// This process's environment, each NAME=value. Not while another thread changes it.
[[nodiscard]] std::vector<std::string> environment();

/// Value of an environment variable, which is then removed; empty if there is none. Not while another thread uses the
/// environment.
[[nodiscard]] std::optional<std::string> take_environment_variable(const char* name);

/// Number of this process.
[[nodiscard]] pid_t pid() noexcept;

/// A descriptor that stands for this process, see `process::pidfd`; closed on exec.
/// @returns EMFILE or ENFILE when descriptors are used up.
[[nodiscard]] result<unique_fd> own_pidfd();

/// Names the calling thread, for `top` and debuggers. At most 15 bytes of `name` are kept.
void name_thread(const char* name) noexcept;

/// Names this process, for `ps`, `top` and the kernel's log: "program:role", where both are shortened to 15 bytes in all.
/// Without /proc the name stays as it is.
void name_process(std::string_view role) noexcept;

/// What `name_process` makes of a program's path and a role.
[[nodiscard]] std::string process_name(std::string_view program, std::string_view role);

/// Flushes the streams of <cstdio> and ends the process. No destructor runs and no exit handler.
[[noreturn]] void exit_now(int code) noexcept;

/// This process gets SIGKILL when the thread that started it ends, and at once if its parent is not `expected_parent`
/// any more.
void die_with_parent(pid_t expected_parent) noexcept;

/// A write to a pipe or socket whose reader has gone fails with EPIPE from now on, unless the application ignores or handles SIGPIPE itself.
/// Programs that this process executes get SIGPIPE's default action, since a handler does not pass an exec as SIG_IGN does.
void survive_broken_pipes() noexcept;

/// Number of processors that this process may keep busy, at least 1: those that the calling thread may run on, and no more than
/// `cpu_quota` allows. Reads files.
[[nodiscard]] unsigned cores();

/// Number of descriptors that this process has open.
[[nodiscard]] size_t open_descriptors();

} // namespace bulkhead::platform
