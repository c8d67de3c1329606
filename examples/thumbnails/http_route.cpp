#include "http_route.hpp"

#include "http_target.hpp"
#include "messages.hpp"
#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

namespace thumbnails {

namespace {

std::optional<uint32_t> parse_width(std::string_view text) {
  uint32_t value = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size() || value < 1 || value > width_max)
    return std::nullopt;
  return value;
}

/// What can be asked for, and how.
struct resource {
  std::string_view path;
  std::string_view methods;
  route::kind what;
};

constexpr resource resources[] = {
  {"/health", "GET, HEAD, OPTIONS", route::kind::health},
  {"/thumbnail", "POST, OPTIONS", route::kind::thumbnail},
  {"*", "GET, HEAD, POST, OPTIONS", route::kind::methods},
};

bool allows(const resource& what, std::string_view method) {
  for (auto rest = what.methods; !rest.empty();) {
    auto end = rest.find(", ");
    if (rest.substr(0, end) == method)
      return true;
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 2);
  }
  return false;
}

bool is_known(std::string_view method) {
  constexpr std::string_view names[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"};
  return std::ranges::find(names, method) != std::end(names);
}

route fail(unsigned status, std::string error, std::string detail, std::string allow = {}) {
  return {route::kind::failure, 0, {status, std::move(error), std::move(detail), std::move(allow)}};
}

unsigned status_of(picture_error code) {
  switch (code) {
  case picture_error::not_a_picture:
    return 415;
  case picture_error::damaged:
    return 422;
  case picture_error::too_large:
    return 413;
  case picture_error::bad_width:
    return 400;
  case picture_error::out_of_memory:
    return 507;
  case picture_error::crashed:
    return 502;
  case picture_error::deadline:
    return 504;
  case picture_error::busy:
  case picture_error::no_worker:
    return 503;
  case picture_error::none:
  case picture_error::unreadable:
    break;
  }
  return 500;
}

} // namespace

route route_of(std::string_view method, std::string_view target, uint32_t default_width) {
  if (!is_known(method))
    return fail(501, "not_implemented", "this method is not known here");
  auto where = parse_target(target);
  if (!where)
    return fail(400, "bad_request", "the target is no path");
  auto what = std::ranges::find(resources, where->path, &resource::path);
  if (what == std::end(resources))
    return fail(404, "not_found", "there is POST /thumbnail?width=N, and GET /health");
  std::string methods{what->methods};
  if (method == "OPTIONS")
    return {route::kind::methods, 0, {}, methods};
  if (!allows(*what, method) || what->what == route::kind::methods)
    return fail(405, "method_not_allowed", "possible here: " + methods, methods);
  if (what->what == route::kind::health)
    return {route::kind::health};
  auto text = where->value_of("width");
  auto width = text ? parse_width(*text) : default_width;
  if (!width)
    return fail(status_of(picture_error::bad_width), to_string(picture_error::bad_width),
                "width is a number from 1 to " + std::to_string(width_max));
  return {route::kind::thumbnail, *width};
}

http_failure describe_failure(const caf::error& reason) {
  auto code = code_of(reason);
  return {status_of(code), to_string(code), detail_of(reason)};
}

} // namespace thumbnails
