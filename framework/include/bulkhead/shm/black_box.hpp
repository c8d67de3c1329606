#pragma once

#include "bulkhead/platform/crash_scene.hpp"
#include "bulkhead/shm/flight_recorder.hpp"

#include <cstddef>

namespace bulkhead::shm {

/// What a process leaves for its peer to read after its death: a part of its region, all zero in the beginning.
struct black_box {
  alignas(64) recorder_memory recorder;
  alignas(64) platform::crash_scene scene;
};

/// Whole pages.
constexpr size_t black_box_bytes = 40 * 1024;

static_assert(sizeof(black_box) <= black_box_bytes && offsetof(black_box, scene) == sizeof(recorder_memory));

} // namespace bulkhead::shm
