#include "http_route.hpp"

#include "messages.hpp"
#include "options.hpp"

#include <charconv>
#include <optional>

namespace thumbnails {

namespace {

/// The value of `width=` in a query, if it is there.
std::optional<std::string_view> width_text(std::string_view query) {
  constexpr std::string_view name = "width=";
  while (!query.empty()) {
    auto end = query.find('&');
    auto item = query.substr(0, end);
    if (item.starts_with(name))
      return item.substr(name.size());
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
  }
  return std::nullopt;
}

std::optional<uint32_t> parse_width(std::string_view text) {
  uint32_t value = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size() || value < 1 || value > width_max)
    return std::nullopt;
  return value;
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
  auto mark = target.find('?');
  auto path = target.substr(0, mark);
  auto query = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  if (path == "/health")
    return method == "GET" ? route{route::kind::health}
                           : fail(405, "method_not_allowed", "only GET is possible here", "GET");
  if (path != "/thumbnail")
    return fail(404, "not_found", "there is POST /thumbnail?width=N, and GET /health");
  if (method != "POST")
    return fail(405, "method_not_allowed", "only POST is possible here", "POST");
  auto text = width_text(query);
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
