#include "http_session.hpp"

#include "http_route.hpp"
#include "http_rules.hpp"
#include "json.hpp"
#include "messages.hpp"

#include <bulkhead/io.hpp>

#include <caf/actor.hpp>
#include <caf/byte.hpp>
#include <caf/event_based_actor.hpp>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace thumbnails {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

using boost::asio::ip::tcp;

/// Its memory becomes a payload.
using body_in_memory = http::vector_body<caf::byte>;
using boost::system::error_code;

constexpr unsigned http_1_1 = 11;

constexpr uint32_t header_bytes_max = 8'192;

/// For a client that comes when all is taken.
constexpr std::chrono::seconds retry_after{1};

std::string_view view_of(beast::string_view text) {
  return {text.data(), text.size()};
}

bool names_a_version(std::string_view request_line) {
  auto version = request_line.substr(request_line.rfind(' ') + 1);
  auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) && version[6] == '.'
         && is_digit(version[7]);
}

/// One connection. Its operations are messages of the actor, so nothing here runs twice at the same time.
class connection : public std::enable_shared_from_this<connection> {
public:
  connection(caf::event_based_actor* self, int socket, const session_options& opts, const caf::actor& pool)
    // The protocol matters to a socket that is opened, not to one that is connected.
    : self_(self), options_(opts), pool_(pool), stream_(tcp::socket{bulkhead::io(self), tcp::v4(), socket}) {
    // nop
  }

  void read_request() {
    busy_ = false;
    head_only_ = false;
    version_ = http_1_1;
    body_share_ = {};
    empty_line_skipped_ = false;
    stream_.expires_after(options_.client_patience);
    read_header();
  }

  void read_header() {
    parser_.emplace();
    parser_->header_limit(header_bytes_max);
    parser_->body_limit(options_.body_bytes_max);
    http::async_read_header(stream_, buffer_, *parser_,
                            [me = shared_from_this()](error_code failed, size_t) { me->on_header(failed); });
  }

  void turn_away() {
    busy_ = closing_ = true;
    reply_error({503, "busy", "too many connections"});
  }

  void finish() {
    closing_ = true;
    if (!busy_)
      self_->quit();
  }

  void cancel() {
    stream_.close();
  }

private:
  void on_header(error_code failed) {
    busy_ = true;
    auto& header = parser_->get();
    head_only_ = header.method() == http::verb::head;
    version_ = header.version();
    if (failed && !empty_line_skipped_ && buffer_starts_with("\r\n")) { // some clients end a body with one
      empty_line_skipped_ = true;
      buffer_.consume(2);
      read_header();
      return;
    }
    if (failed) {
      refuse(failed);
      return;
    }
    if (auto wrong = refuse_header(header)) {
      closing_ = true;
      reply_error(*wrong);
      return;
    }
    route_ = route_of(view_of(header.method_string()), view_of(header.target()), options_.default_width);
    if (route_.what == route::kind::thumbnail && !announces_body(header))
      route_ = {route::kind::failure, 0, {411, "length_required", "a picture is sent with Content-Length, or chunked"}};
    take_body();
  }

  // A client that waits for our consent gets the final answer at once if it is an error. Others have their bodies read, so that
  // the connection can go on.
  void take_body() {
    auto waits = expects_continue(parser_->get()) && !parser_->is_done();
    if (waits && route_.what != route::kind::thumbnail) {
      closing_ = true;
      reply_route();
      return;
    }
    auto length = parser_->content_length();
    body_share_ = options_.bodies->take(length ? *length : parser_->is_done() ? 0 : options_.body_bytes_max);
    if (!body_share_) {
      closing_ = true;
      reply_error({503, "busy", "too many pictures are being sent"});
    } else if (waits && buffer_.size() == 0) {
      write_continue();
    } else {
      read_body();
    }
  }

  void write_continue() {
    interim_ = {http::status::continue_, http_1_1};
    http::async_write(stream_, interim_, [me = shared_from_this()](error_code failed, size_t) {
      if (failed)
        me->self_->quit();
      else
        me->read_body();
    });
  }

  void read_body() {
    stream_.expires_after(options_.client_patience);
    http::async_read(stream_, buffer_, *parser_, [me = shared_from_this()](error_code failed, size_t) {
      if (failed)
        me->refuse(failed);
      else
        me->answer(me->parser_->release());
    });
  }

  // What cannot be read cannot be followed by another request.
  void refuse(error_code why) {
    closing_ = true;
    if (why == http::error::body_limit)
      reply_error({413, "too_large", "more than " + std::to_string(options_.body_bytes_max) + " bytes"});
    else if (why == http::error::header_limit && first_line().empty())
      reply_error({414, "uri_too_long", "a header has at most " + std::to_string(header_bytes_max) + " bytes"});
    else if (why == http::error::header_limit)
      reply_error({431, "header_too_large", "a header has at most " + std::to_string(header_bytes_max) + " bytes"});
    else if (why == http::error::bad_version && names_a_version(first_line()))
      reply_error({505, "version_not_supported", "HTTP/1.0 and HTTP/1.1 are spoken here"});
    else if (why.category() == http::make_error_code(http::error::bad_method).category()
             && why != http::error::end_of_stream && why != http::error::partial_message)
      reply_error({400, "bad_request", why.message()});
    else
      self_->quit(); // it went away, or was too slow
  }

  bool buffer_starts_with(std::string_view text) const {
    return std::string_view{static_cast<const char*>(buffer_.data().data()), buffer_.size()}.starts_with(text);
  }

  // Of what could not be read as a header; empty if it does not end.
  std::string_view first_line() const {
    std::string_view text{static_cast<const char*>(buffer_.data().data()), buffer_.size()};
    auto end = text.find("\r\n");
    return end == std::string_view::npos ? std::string_view{} : text.substr(0, end);
  }

  void answer(http::request<body_in_memory> request) {
    closing_ = closing_ || !request.keep_alive();
    stream_.expires_never();
    if (route_.what == route::kind::thumbnail)
      self_->request(pool_, caf::infinite, bulkhead::bytes{std::move(request.body())}, route_.width)
        .then([me = shared_from_this()](const thumbnail& made) { me->reply(200, "image/jpeg", made.jpeg.view()); },
              [me = shared_from_this()](const caf::error& reason) { me->reply_error(describe_failure(reason)); });
    else
      reply_route();
  }

  void reply_route() {
    if (route_.what == route::kind::health)
      self_->request(pool_, caf::infinite, health_atom_v)
        .then([me = shared_from_this()](
                const pool_health& x) { me->reply(x.serving ? 200 : 503, "application/json", health_json(x)); },
              [me = shared_from_this()](const caf::error& reason) { me->reply_error(describe_failure(reason)); });
    else if (route_.what == route::kind::methods)
      reply(204, {}, {}, route_.allow);
    else
      reply_error(route_.failure);
  }

  void reply_error(const http_failure& failure) {
    reply(failure.status, "application/json", error_json(failure.error, failure.detail), failure.allow);
  }

  void reply(unsigned status, std::string_view type, std::string_view body, std::string_view allow = {}) {
    response_ = {};
    response_.result(status);
    response_.set(http::field::date, http_date_now());
    if (!type.empty())
      response_.set(http::field::content_type, beast::string_view{type.data(), type.size()});
    if (!allow.empty())
      response_.set(http::field::allow, beast::string_view{allow.data(), allow.size()});
    if (status == 503)
      response_.set(http::field::retry_after, std::to_string(retry_after.count()));
    if (closing_)
      response_.set(http::field::connection, "close");
    else if (version_ < http_1_1) // which closes unless both sides say otherwise
      response_.set(http::field::connection, "keep-alive");
    response_.body() = body;
    if (status != 204)
      response_.content_length(body.size());
    if (head_only_)
      response_.body().clear();
    stream_.expires_after(options_.client_patience);
    http::async_write(stream_, response_, [me = shared_from_this()](error_code failed, size_t) {
      if (failed)
        me->self_->quit();
      else if (me->closing_)
        me->linger();
      else
        me->read_request();
    });
  }

  // Closing a socket with unread input would take the answer away from a client that still sends.
  void linger() {
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.expires_after(options_.client_patience);
    drain();
  }

  void drain() {
    stream_.async_read_some(boost::asio::buffer(unwanted_), [me = shared_from_this()](error_code failed, size_t) {
      if (failed)
        me->self_->quit();
      else
        me->drain();
    });
  }

  caf::event_based_actor* self_;
  session_options options_;
  caf::actor pool_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<body_in_memory>> parser_;
  http::response<http::empty_body> interim_;
  http::response<http::string_body> response_;
  std::array<char, 4096> unwanted_{};
  route route_{route::kind::failure};
  body_budget::share body_share_;
  unsigned version_ = http_1_1;
  bool empty_line_skipped_ = false;
  bool busy_ = false;
  bool head_only_ = false;
  bool closing_ = false;
  beast::tcp_stream stream_;
};

} // namespace

caf::behavior http_session(caf::event_based_actor* self, int socket, const session_options& opts,
                           const caf::actor& pool) {
  auto it = std::make_shared<connection>(self, socket, opts, pool);
  bulkhead::close_at_end(self, it);
  it->read_request();
  return {
    [it](finish_atom) { it->finish(); },
  };
}

caf::behavior refusing_http_session(caf::event_based_actor* self, int socket, const session_options& opts) {
  auto it = std::make_shared<connection>(self, socket, opts, caf::actor{});
  bulkhead::close_at_end(self, it);
  it->turn_away();
  return {
    [it](finish_atom) { it->finish(); },
  };
}

} // namespace thumbnails
