#pragma once

#include <optional>
#include <string>

namespace bulkhead::platform {

/// A sentence that says what Bulkhead needs and the running kernel does not have or not permit, empty if all is there:
/// memfds with seals (F_SEAL_FUTURE_WRITE, Linux 5.1), pidfds (5.3), close_range (5.9). Tested at the first call.
[[nodiscard]] std::optional<std::string> missing_kernel_feature();

/// The same of what a process needs that starts no other one: memfds with seals. Tools that run a program under a kernel of their own, as
/// valgrind does, often know no more.
[[nodiscard]] std::optional<std::string> missing_memory_feature();

} // namespace bulkhead::platform
