#include "options.hpp"

#include <charconv>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace thumbnails {

namespace {

std::optional<uint64_t> number(std::string_view text, uint64_t min, uint64_t max) {
  uint64_t value = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size() || value < min || value > max)
    return std::nullopt;
  return value;
}

// HOST:PORT, where an IPv6 address stands in brackets.
bool parse_endpoint(std::string_view text, options& result) {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return false;
  auto port = number(text.substr(colon + 1), 0, std::numeric_limits<uint16_t>::max());
  auto name = text.substr(0, colon);
  if (name.size() > 2 && name.front() == '[' && name.back() == ']')
    name = name.substr(1, name.size() - 2);
  result.listen_host = name;
  result.listen_port = static_cast<uint16_t>(port.value_or(0));
  return port.has_value();
}

struct numeric_option {
  std::string_view name;
  uint64_t min;
  uint64_t max;
  void (*store)(options&, uint64_t);
};

constexpr numeric_option numeric_options[] = {
  {"--workers", 1, 256, [](options& o, uint64_t n) { o.pool.workers = static_cast<uint32_t>(n); }},
  {"--width", 1, width_max, [](options& o, uint64_t n) { o.width = static_cast<uint32_t>(n); }},
  {"--deadline-ms", 1, 3'600'000, [](options& o, uint64_t n) { o.pool.deadline = std::chrono::milliseconds{n}; }},
  {"--memory-mib", 16, 1 << 20, [](options& o, uint64_t n) { o.pool.memory_bytes_max = n << 20; }},
  {"--queue", 1, 1'000'000, [](options& o, uint64_t n) { o.pool.waiting_max = n; }},
  {"--client-ms", 1, 3'600'000, [](options& o, uint64_t n) { o.client_patience = std::chrono::milliseconds{n}; }},
};

std::string parse_option(std::string_view name, std::string_view value, options& result) {
  if (name == "--listen")
    return parse_endpoint(value, result) ? "" : "--listen needs HOST:PORT, such as 127.0.0.1:8080";
  for (auto& x : numeric_options) {
    if (x.name != name)
      continue;
    auto parsed = number(value, x.min, x.max);
    if (!parsed)
      return std::string{name} + " needs a number from " + std::to_string(x.min) + " to " + std::to_string(x.max);
    x.store(result, *parsed);
    return "";
  }
  return "unknown option " + std::string{name};
}

} // namespace

void throw_exception_from_error(const usage_error& error, const boost::source_location&) {
  throw std::invalid_argument{error.text};
}

boost::system::result<options, usage_error> parse_options(std::span<char* const> arguments) {
  options result;
  std::vector<std::string> folders;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string_view argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      result.help = true;
      return result;
    }
    if (!argument.starts_with("--")) {
      folders.emplace_back(argument);
      continue;
    }
    auto equals = argument.find('=');
    if (equals == std::string_view::npos && i + 1 == arguments.size())
      return usage_error{std::string{argument} + " needs a value, or is unknown"};
    auto value = equals == std::string_view::npos ? std::string_view{arguments[++i]} : argument.substr(equals + 1);
    if (auto wrong = parse_option(argument.substr(0, equals), value, result); !wrong.empty())
      return usage_error{wrong};
  }
  if (result.listen_host.empty() && folders.size() != 2)
    return usage_error{"give a folder of pictures and a folder for the thumbnails, or --listen"};
  if (!result.listen_host.empty() && !folders.empty())
    return usage_error{"--listen takes no folders"};
  if (!folders.empty()) {
    result.input = folders[0];
    result.output = folders[1];
  }
  return result;
}

const char* usage_text() noexcept {
  return "usage: thumbnails [options] IN OUT               thumbnails of all pictures in the folder IN, into OUT\n"
         "       thumbnails [options] --listen HOST:PORT   a service: POST /thumbnail?width=N, GET /health\n"
         "\n"
         "  --workers N       worker processes (2)\n"
         "  --width N         of a thumbnail, in pixels, if the request does not say (160)\n"
         "  --deadline-ms N   for one picture; a worker that takes longer is killed and replaced (2000)\n"
         "  --memory-mib N    that a worker may use (256)\n"
         "  --queue N         pictures that may wait for a worker (4096)\n"
         "  --client-ms N     for a client to send a header, a body, or to take an answer (20000)\n"
         "\n"
         "Exit status of a batch: 0 all done, 1 some could not be done, 2 wrong usage or the program's own I/O "
         "failed:\n"
         "a folder that could not be read, a thumbnail or the report that could not be written.\n";
}

} // namespace thumbnails
