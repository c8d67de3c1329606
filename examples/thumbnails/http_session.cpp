#include "http_session.hpp"

#include "http_route.hpp"
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
#include <memory>
#include <optional>
#include <string>

namespace thumbnails {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

using boost::asio::ip::tcp;

/// Its memory becomes a payload.
using body_in_memory = http::vector_body<caf::byte>;
using boost::system::error_code;

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
    parser_.emplace();
    parser_->body_limit(options_.body_bytes_max);
    stream_.expires_after(options_.client_patience);
    http::async_read_header(stream_, buffer_, *parser_,
                            [me = shared_from_this()](error_code failed, size_t) { me->on_header(failed); });
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
    if (failed)
      refuse(failed);
    else if (beast::iequals(parser_->get()[http::field::expect], "100-continue"))
      write_continue();
    else
      read_body();
  }

  void write_continue() {
    interim_ = {http::status::continue_, parser_->get().version()};
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
    else if (why.category() == http::make_error_code(http::error::bad_method).category()
             && why != http::error::end_of_stream && why != http::error::partial_message)
      reply_error({400, "bad_request", why.message()});
    else
      self_->quit(); // it went away, or was too slow
  }

  void answer(http::request<body_in_memory> request) {
    head_only_ = request.method() == http::verb::head;
    closing_ = closing_ || !request.keep_alive();
    stream_.expires_never();
    auto method = std::string_view{request.method_string().data(), request.method_string().size()};
    auto target = std::string_view{request.target().data(), request.target().size()};
    auto where = route_of(method, target, options_.default_width);
    auto fail = [me = shared_from_this()](const caf::error& reason) { me->reply_error(describe_failure(reason)); };
    if (where.what == route::kind::thumbnail)
      self_->request(pool_, caf::infinite, bulkhead::bytes{std::move(request.body())}, where.width)
        .then([me = shared_from_this()](const thumbnail& made) { me->reply(200, "image/jpeg", made.jpeg.view()); },
              fail);
    else if (where.what == route::kind::health)
      self_->request(pool_, caf::infinite, health_atom_v)
        .then([me = shared_from_this()](const pool_health& x) { me->reply(200, "application/json", health_json(x)); },
              fail);
    else
      reply_error(where.failure);
  }

  void reply_error(const http_failure& failure) {
    reply(failure.status, "application/json", error_json(failure.error, failure.detail), failure.allow);
  }

  void reply(unsigned status, std::string_view type, std::string_view body, std::string_view allow = {}) {
    response_ = {};
    response_.result(status);
    response_.set(http::field::content_type, beast::string_view{type.data(), type.size()});
    if (!allow.empty())
      response_.set(http::field::allow, beast::string_view{allow.data(), allow.size()});
    response_.keep_alive(!closing_);
    response_.body() = body;
    response_.prepare_payload();
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

} // namespace thumbnails
