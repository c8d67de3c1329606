#pragma once

#include <chrono>

namespace soak {

/// Lets time pass between two deeds or two looks. What has to become true is waited for with `eventually` instead.
void pause(std::chrono::milliseconds how_long);

} // namespace soak
