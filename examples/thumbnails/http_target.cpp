#include "http_target.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace thumbnails {

namespace {

std::optional<std::string> without_escapes(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    auto digits = text.substr(i + 1, 2);
    unsigned char code = 0;
    auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != 2 || failed != std::errc{} || end != digits.data() + 2)
      return std::nullopt;
    result += static_cast<char>(code);
    i += 2;
  }
  return result;
}

// The path and query of "http://host/path?query"; the text itself if it is not of this form.
std::string_view without_origin(std::string_view text) {
  for (std::string_view scheme : {"http://", "https://"}) {
    auto start = text.substr(0, scheme.size());
    if (!boost::beast::iequals({start.data(), start.size()}, {scheme.data(), scheme.size()}))
      continue;
    text.remove_prefix(scheme.size());
    auto host_end = std::min(text.find_first_of("/?"), text.size());
    if (host_end == 0)
      return {};
    text.remove_prefix(host_end);
    return text.empty() ? "/" : text;
  }
  return text;
}

} // namespace

std::optional<std::string> http_target::value_of(std::string_view name) const {
  for (auto rest = query; !rest.empty();) {
    auto end = rest.find('&');
    auto item = rest.substr(0, end);
    if (item.starts_with(name) && item.substr(name.size()).starts_with('='))
      return without_escapes(item.substr(name.size() + 1)).value_or(std::string(1, '%')); // no number either
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return std::nullopt;
}

std::optional<http_target> parse_target(std::string_view text) {
  if (text == "*")
    return http_target{"*", {}};
  auto local = without_origin(text);
  if (local.empty() || local.find('#') != std::string_view::npos)
    return std::nullopt;
  auto mark = local.find('?');
  auto path = without_escapes(local.substr(0, mark));
  if (!path)
    return std::nullopt;
  if (path->empty())
    path->push_back('/');
  if (!path->starts_with('/'))
    return std::nullopt;
  return http_target{std::move(*path), mark == std::string_view::npos ? std::string_view{} : local.substr(mark + 1)};
}

} // namespace thumbnails
