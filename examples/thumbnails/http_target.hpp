#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace thumbnails {

/// What a request line names, without the escapes of URLs.
struct http_target {
  /// Begins with a slash; "*" stands for the server as a whole.
  std::string path;

  /// As it was sent, without the question mark.
  std::string_view query;

  /// The first value of this name in the query, if it is there.
  [[nodiscard]] std::optional<std::string> value_of(std::string_view name) const;
};

/// Takes "/path?query", the same after "http://host" as clients of a proxy send it, and "*".
/// @param text outlives the result.
/// @returns nothing for what is none of these, or has an escape that is none.
[[nodiscard]] std::optional<http_target> parse_target(std::string_view text);

} // namespace thumbnails
