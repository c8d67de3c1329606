#pragma once

#include <string_view>

namespace thumbnails {

/// FOR DEMONSTRATION AND TESTS: a picture that contains this text makes the decoder crash on purpose.
constexpr std::string_view crash_marker = "BULKHEAD-EXAMPLE-CRASH";

} // namespace thumbnails
