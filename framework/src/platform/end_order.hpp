#pragma once

namespace bulkhead::platform {

/// What a parent sends along with SIGTERM to end its child: a signal that goes to a whole group carries nothing.
constexpr int end_order = 0x62756c6b; // "bulk"

} // namespace bulkhead::platform
