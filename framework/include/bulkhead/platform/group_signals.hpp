#pragma once

#include <cstdint>

namespace bulkhead::platform {

/// A set of signals as the kernel keeps it: bit n - 1 is signal n.
using signal_set = uint64_t;

/// The signals that terminals, shells and service managers send to all processes of a group at once: SIGHUP, SIGINT, SIGQUIT, SIGTERM,
/// SIGUSR1 and SIGUSR2. By default each would end a process.
[[nodiscard]] signal_set group_signals() noexcept;

/// The signals that the calling thread blocks.
[[nodiscard]] signal_set blocked_signals() noexcept;

/// From now on this process survives each of `group_signals()` for which it has neither a handler nor orders to ignore it. SIGTERM from
/// `process::order_end` still ends it. Then the calling thread blocks `blocked` and nothing else.
///
/// Programs that this process executes have the default action for these signals, because a handler, unlike an ignored signal, does
/// not outlive execve(2).
/// @note to be called while the process has one thread.
void survive_group_signals(signal_set blocked) noexcept;

/// The calling thread accepts all `group_signals()`, so that the other threads may block them.
void accept_group_signals() noexcept;

} // namespace bulkhead::platform
