#pragma once

#include <caf/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace thumbnails {

/// An answer of HTTP that is an error.
struct http_failure {
  unsigned status = 500;
  std::string error;
  std::string detail;

  /// The methods that would have been right, if the method was wrong.
  std::string allow = {};
};

/// What a request asks for.
struct route {
  enum class kind : uint8_t { thumbnail, health, methods, failure };

  kind what;
  uint32_t width = 0;
  http_failure failure = {};

  /// Of `kind::methods`: the answer to OPTIONS.
  std::string allow = {};
};

/// @param default_width if the request names none.
[[nodiscard]] route route_of(std::string_view method, std::string_view target, uint32_t default_width);

/// What the failure of a picture looks like in HTTP.
[[nodiscard]] http_failure describe_failure(const caf::error& reason);

} // namespace thumbnails
