#pragma once

#include <chrono>
#include <functional>

#include <sys/types.h>

namespace bulkhead::platform {

/// Reaps children of the calling *thread* that have ended and that nobody else will reap; children that other threads have started are none
/// of its business.
/// @param is_known whether somebody else will reap this one. It stops at such a one.
/// @returns whether the thread may have more to reap: a known one was in the way.
bool reap_strays(const std::function<bool(pid_t)>& is_known);

/// Waits until the calling thread has no children, `max` at most, and reaps them all. For a thread whose children are all about to end.
void reap_all_children(std::chrono::milliseconds max);

} // namespace bulkhead::platform
