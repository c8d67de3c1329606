#pragma once

#include "http_route.hpp"

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include <optional>
#include <string>

namespace thumbnails {

using http_request_header = boost::beast::http::request_header<boost::beast::http::fields>;

/// What RFC 9110 and 9112 let a server refuse by the header alone, and Beast leaves to its users: hosts that are missing or
/// ambiguous, lengths that two servers could read in two ways, codings and expectations that are not known here.
/// @returns the answer, after which the connection ends: where the next request begins is not certain.
[[nodiscard]] std::optional<http_failure> refuse_header(const http_request_header& header);

/// Whether the client waits for "100 Continue" before it sends the body.
[[nodiscard]] bool expects_continue(const http_request_header& header);

/// Whether the header says that a body follows, possibly an empty one.
[[nodiscard]] bool announces_body(const http_request_header& header);

/// The time of an answer, for its field Date.
[[nodiscard]] std::string http_date_now();

} // namespace thumbnails
