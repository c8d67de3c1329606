// Actors that serve sockets with bulkhead::io, in the host and in workers alike.
//
// Catches bytes that are lost or go to the wrong connection, and a connection that outlives its server.

#include "support/stage.hpp"

#include <bulkhead/io.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>

using namespace test_support;

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// One conversation: four bytes of length, then as much text; all of it goes back.
// Closed by its server's end.
class session : public std::enable_shared_from_this<session> {
public:
  explicit session(tcp::socket socket) : socket_(std::move(socket)) {
    // nop
  }

  void serve() {
    auto head = asio::buffer(&size_, sizeof(size_));
    asio::async_read(socket_, head, [me = shared_from_this()](error_code failed, size_t) {
      if (!failed)
        me->take_body();
    });
  }

  void close(error_code& failed) {
    socket_.close(failed);
  }

private:
  void take_body() {
    body_.resize(size_);
    asio::async_read(socket_, asio::buffer(body_), [me = shared_from_this()](error_code failed, size_t) {
      if (!failed)
        me->give_back();
    });
  }

  void give_back() {
    std::array parts{asio::const_buffer(&size_, sizeof(size_)), asio::const_buffer(body_.data(), body_.size())};
    asio::async_write(socket_, parts, [me = shared_from_this()](error_code failed, size_t) {
      if (!failed)
        me->serve();
    });
  }

  uint32_t size_ = 0;
  std::string body_;
  tcp::socket socket_;
};

struct server_state {
  std::optional<tcp::acceptor> acceptor;
};

void accept_next(caf::stateful_actor<server_state>* self) {
  self->state.acceptor->async_accept([=](error_code failed, tcp::socket socket) {
    if (failed)
      return;
    auto fresh = std::make_shared<session>(std::move(socket));
    bulkhead::close_at_end(self, fresh);
    fresh->serve();
    accept_next(self);
  });
}

// (get) -> the port on which it listens.
caf::behavior server(caf::stateful_actor<server_state>* self) {
  self->state.acceptor.emplace(bulkhead::io(self), tcp::endpoint{asio::ip::address_v4::loopback(), 0});
  accept_next(self);
  return {
    [=](caf::get_atom) { return self->state.acceptor->local_endpoint().port(); },
    [=](caf::close_atom) { self->quit(); },
  };
}

const known_actor io_server_known{bulkhead::heavy<"io_server", server>::add_to};

/// A plain program's end of a connection to the server. Every wait ends within `patience`.
class client {
public:
  explicit client(uint16_t port) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
  }

  void send(const std::string& text) {
    auto size = static_cast<uint32_t>(text.size());
    auto whole = std::string{reinterpret_cast<const char*>(&size), sizeof(size)} + text;
    auto shared = std::make_shared<std::string>(std::move(whole));
    asio::async_write(socket_, asio::buffer(*shared), [shared](error_code, size_t) {});
  }

  /// The next answer, or what went wrong.
  std::string receive() {
    uint32_t size = 0;
    if (auto failed = read(asio::buffer(&size, sizeof(size))))
      return failed.message();
    std::string body(size, '\0');
    auto failed = read(asio::buffer(body));
    return failed ? failed.message() : body;
  }

private:
  error_code read(asio::mutable_buffer where) {
    error_code result = asio::error::timed_out;
    bool done = false;
    asio::async_read(socket_, where, [&](error_code failed, size_t) {
      result = failed;
      done = true;
    });
    context_.restart();
    context_.run_for(patience);
    if (!done) {
      socket_.close();
      context_.restart();
      context_.run();
      return asio::error::timed_out;
    }
    return result;
  }

  asio::io_context context_;
  tcp::socket socket_{context_};
};

} // namespace

TEST_CASE("an actor can serve sockets with composed operations") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto server = s.spawn("io_server");
  auto port = ask<uint16_t>(s.self, server, caf::get_atom_v);
  REQUIRE(port);
  client first{*port};
  client second{*port};
  for (size_t size : {1u, 100'000u, 5'000'000u}) {
    first.send(std::string(size, '1'));
    second.send(std::string(size, '2'));
    CHECK(second.receive() == std::string(size, '2'));
    CHECK(first.receive() == std::string(size, '1'));
  }
  SECTION("and its end closes them") {
    s.self->send(server, caf::close_atom_v);
    CHECK(first.receive() == "End of file");
    CHECK(second.receive() == "End of file");
  }
  SECTION("and so does an end that it did not choose") {
    s.self->send_exit(server, caf::exit_reason::kill);
    CHECK(first.receive() == "End of file");
  }
}
