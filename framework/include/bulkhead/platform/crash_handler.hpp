#pragma once

#include "bulkhead/platform/crash_scene.hpp"

namespace bulkhead::platform {

/// From now on a crash of this process is written to `scene`, which outlives it: the first signal among SIGSEGV, SIGBUS, SIGFPE,
/// SIGILL, SIGABRT, SIGSYS and SIGTRAP that comes, with the stack of its thread, and an exception that nobody catches. Then all goes
/// on as if nobody had looked: the handler that was installed before is called, or the default is done, so core files and the
/// reports of sanitizers are what they were. A handler that is installed later replaces this one, and nothing is written.
///
/// Only what may be done in a signal handler is done there. Once in a process, before its threads; the calling thread gets an
/// `alternate_stack`.
void write_crashes_to(crash_scene& scene);

/// Writes down where the calling thread is because memory has run out. Without allocating. Only after `write_crashes_to`.
void write_out_of_memory() noexcept;

/// Gives the calling thread a stack for its signal handlers, without which an overflow of its own stack cannot be written down;
/// nothing if it has one. It goes with the thread.
void add_alternate_stack() noexcept;

} // namespace bulkhead::platform
