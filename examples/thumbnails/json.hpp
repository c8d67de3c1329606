#pragma once

#include "messages.hpp"

#include <string>
#include <string_view>

namespace thumbnails {

[[nodiscard]] std::string error_json(std::string_view error, std::string_view detail);

[[nodiscard]] std::string health_json(const pool_health& health);

} // namespace thumbnails
