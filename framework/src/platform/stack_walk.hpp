#pragma once

#include "bulkhead/platform/crash_scene.hpp"

namespace bulkhead::platform {

/// Loads what a walk needs: what is loaded when it is first needed must not be loaded in a signal handler.
void prepare_stack_walks();

/// Writes the calls of the calling thread, innermost first, each as soon as it is known: a stack that is broken may end the walk, and
/// the process with it.
/// @param context the third argument of a signal handler: begins where the signal came. Null: begins here.
void walk_stack(crash_scene& scene, void* context) noexcept;

} // namespace bulkhead::platform
