#pragma once

#include "bulkhead/platform/crash_scene.hpp"

namespace bulkhead::platform {

/// Loads what a walk needs: what is loaded when it is first needed must not be loaded in a signal handler.
void prepare_stack_walks();

/// Writes the calls of the calling thread, innermost first, each as soon as it is known: a stack that is broken may end the walk, and
/// the process with it.
/// Begins where a signal came.
/// @param context the third argument of its handler.
void walk_interrupted_stack(crash_scene& scene, void* context) noexcept;

/// The same of a thread that no signal has interrupted. Begins at the call that returns to `from`.
void walk_stack(crash_scene& scene, const void* from) noexcept;

} // namespace bulkhead::platform
