#include "http_rules.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/field.hpp>

#include <array>
#include <cstdio>
#include <ctime>

namespace thumbnails {

namespace {

using boost::beast::iequals;
using boost::beast::http::field;

constexpr unsigned http_1_1 = 11;

http_failure bad(std::string detail) {
  return {400, "bad_request", std::move(detail)};
}

bool is_host(boost::beast::string_view text) {
  for (unsigned char c : text)
    if (c <= ' ' || c == 0x7F || boost::beast::string_view{"/?#@,\\\"<>^`{|}"}.find(static_cast<char>(c)) != text.npos)
      return false;
  return true;
}

} // namespace

std::optional<http_failure> refuse_header(const http_request_header& header) {
  auto hosts = header.count(field::host);
  if (hosts > 1 || (hosts == 0 && header.version() >= http_1_1) || !is_host(header[field::host]))
    return bad("a request names one host");
  if (auto codings = header.count(field::transfer_encoding); codings > 0) {
    if (header.version() < http_1_1)
      return bad("HTTP/1.0 has no Transfer-Encoding");
    if (header.count(field::content_length) > 0)
      return bad("Transfer-Encoding and Content-Length exclude each other");
    if (codings > 1 || !iequals(header[field::transfer_encoding], "chunked"))
      return http_failure{501, "not_implemented", "the only transfer coding is chunked"};
  }
  if (auto expected = header[field::expect];
      !expected.empty() && header.version() >= http_1_1 && !iequals(expected, "100-continue"))
    return http_failure{417, "expectation_failed", "only 100-continue can be expected"};
  if (auto coding = header[field::content_encoding]; !coding.empty() && !iequals(coding, "identity"))
    return http_failure{415, "unsupported_coding", "pictures are taken without Content-Encoding"};
  return std::nullopt;
}

bool expects_continue(const http_request_header& header) {
  return header.version() >= http_1_1 && iequals(header[field::expect], "100-continue");
}

bool announces_body(const http_request_header& header) {
  return header.count(field::content_length) + header.count(field::transfer_encoding) > 0;
}

std::string http_date_now() {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[64]; // not by strftime, whose names of days depend on the locale
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[static_cast<size_t>(utc.tm_wday)],
                utc.tm_mday, months[static_cast<size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                utc.tm_sec);
  return text;
}

} // namespace thumbnails
