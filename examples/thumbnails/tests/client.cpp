#include "client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace thumbnails::tests {

namespace http = boost::beast::http;

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

boost::beast::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

/// One for all, since each has three descriptors. Nothing runs on it.
boost::asio::io_context& common_io() {
  static boost::asio::io_context io;
  return io;
}

} // namespace

struct client::connection {
  tcp::socket socket{common_io()};
  boost::beast::flat_buffer buffer;
};

client::client(uint16_t port) : impl_(std::make_unique<connection>()) {
  impl_->socket.connect({boost::asio::ip::address_v4::loopback(), port});
}

client::~client() = default;

client::client(client&&) noexcept = default;

void client::send(std::string_view method, std::string_view target, std::string_view body, bool keep_alive) {
  http::request<http::string_body> request;
  request.method_string(view(method));
  request.target(view(target));
  request.set(http::field::host, "localhost");
  request.keep_alive(keep_alive);
  request.body() = body;
  request.prepare_payload();
  error_code ignored; // a server that refuses the body is judged by its answer
  http::write(impl_->socket, request, ignored);
}

void client::send_raw(std::string_view text) {
  error_code ignored;
  boost::asio::write(impl_->socket, boost::asio::buffer(text), ignored);
}

reply client::receive() {
  http::response<http::string_body> response;
  error_code failed;
  http::read(impl_->socket, impl_->buffer, response, failed);
  if (failed)
    return {};
  auto type = response[http::field::content_type];
  return {response.result_int(), {type.data(), type.size()}, response.body(), response.keep_alive()};
}

std::string client::receive_header() {
  std::string text;
  error_code failed;
  auto size = boost::asio::read_until(impl_->socket, boost::asio::dynamic_buffer(text), "\r\n\r\n", failed);
  text.resize(size); // what else has arrived is not needed
  return text;
}

void client::end_sending() {
  error_code ignored;
  impl_->socket.shutdown(tcp::socket::shutdown_send, ignored);
}

bool client::is_at_end() {
  char byte;
  error_code failed;
  impl_->socket.read_some(boost::asio::buffer(&byte, 1), failed);
  return static_cast<bool>(failed);
}

} // namespace thumbnails::tests
