// The life of an operation and that of the actor that waits for it with bulkhead::io, in the host and in workers alike.
//
// Catches a handler that runs after its actor's end or is never destroyed, an end that leaves an operation pending, an
// operation that does not keep its actor alive, and an idle socket that does.

#include "support/stage.hpp"

#include <bulkhead/io.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <stdexcept>

#include <unistd.h>

using namespace test_support;
using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using local_socket = asio::local::stream_protocol::socket;

/// Tells `observer` what becomes of the handler that owns it: "ran" or "destroyed".
class fate {
public:
  explicit fate(caf::actor observer) : impl_(std::make_shared<impl>(std::move(observer))) {
    // nop
  }

  template <class... Ts>
  void operator()(Ts&&...) const {
    impl_->ran = true;
  }

private:
  struct impl {
    explicit impl(caf::actor to) : observer(std::move(to)) {
      // nop
    }
    ~impl() {
      caf::anon_send(observer, std::string{ran ? "ran" : "destroyed"});
    }
    caf::actor observer;
    bool ran = false;
  };

  std::shared_ptr<impl> impl_;
};

// Begins what never completes by itself, and quits when it is told.
struct waiting_state {
  std::array<char, 16> buffer;
  std::optional<asio::steady_timer> timer;
  std::optional<tcp::acceptor> acceptor;
  std::optional<asio::signal_set> signals;
  std::optional<local_socket> socket, peer;
  std::shared_ptr<local_socket> shared_socket;
  std::shared_ptr<asio::steady_timer> shared_timer;
};

void begin(caf::stateful_actor<waiting_state>* self, const std::string& what, const fate& then) {
  auto io = bulkhead::io(self);
  auto& s = self->state;
  s.peer.emplace(io);
  if (what == "a timer") {
    s.timer.emplace(io, 24h);
    s.timer->async_wait(then);
  } else if (what == "a shared timer") {
    auto timer = std::make_shared<asio::steady_timer>(io, 24h);
    bulkhead::close_at_end(self, timer);
    timer->async_wait([timer, then](error_code) { then(); });
  } else if (what == "a socket") {
    s.socket.emplace(io);
    asio::local::connect_pair(*s.socket, *s.peer);
    asio::async_read(*s.socket, asio::buffer(s.buffer), then);
  } else if (what == "a shared socket") {
    auto socket = std::make_shared<local_socket>(io);
    auto buffer = std::make_shared<std::array<char, 16>>();
    asio::local::connect_pair(*socket, *s.peer);
    bulkhead::close_at_end(self, socket);
    asio::async_read(*socket, asio::buffer(*buffer), [socket, buffer, then](error_code, size_t) { then(); });
  } else if (what == "an acceptor") {
    s.acceptor.emplace(io, tcp::endpoint{asio::ip::address_v4::loopback(), 0});
    s.acceptor->async_accept(then);
  } else if (what == "a signal") {
    s.signals.emplace(io, SIGUSR2);
    s.signals->async_wait(then);
  }
}

caf::behavior waiting(caf::stateful_actor<waiting_state>* self, std::string what, caf::actor observer) {
  begin(self, what, fate{observer});
  return {
    [=](caf::close_atom) {
      if (what == "its turn")
        asio::post(bulkhead::io(self), fate{observer});
      self->quit();
    },
    [=](caf::sys_atom) { throw std::runtime_error{"on purpose"}; },
  };
}

// Reports at its end that its state is gone.
struct idle_state {
  std::optional<fate> end;
  std::optional<local_socket> socket, peer;
  std::optional<asio::steady_timer> timer;
};

// Has a socket and a timer, but waits for none of them.
caf::behavior idle(caf::stateful_actor<idle_state>* self, caf::actor observer) {
  auto io = bulkhead::io(self);
  self->state.socket.emplace(io);
  self->state.peer.emplace(io);
  asio::local::connect_pair(*self->state.socket, *self->state.peer);
  self->state.timer.emplace(io, 24h);
  self->state.end.emplace(std::move(observer));
  return {[](caf::ok_atom) {}};
}

// Waits for a timer, which no handle keeps alive.
caf::behavior forgotten(caf::stateful_actor<idle_state>* self, caf::actor observer) {
  self->state.timer.emplace(bulkhead::io(self), 30ms);
  self->state.timer->async_wait([=](error_code failed) { self->send(observer, failed ? "failed" : "ticked"); });
  return {[](caf::ok_atom) {}};
}

// Writes to a pipe without a reader, and answers with what the write says.
caf::behavior writer(caf::event_based_actor*) {
  return {[](caf::put_atom) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0)
      return -1;
    ::close(ends[0]);
    auto failed = ::write(ends[1], "x", 1) < 0 ? errno : 0;
    ::close(ends[1]);
    return failed;
  }};
}

const known_actor io_ends_known[] = {
  known_actor{bulkhead::heavy<"io_waiting", waiting>::add_to},
  known_actor{bulkhead::heavy<"io_idle", idle>::add_to},
  known_actor{bulkhead::heavy<"io_forgotten", forgotten>::add_to},
  known_actor{bulkhead::heavy<"io_writer", writer>::add_to},
};

} // namespace

TEST_CASE("what an actor waits for is cancelled at its end, and the handler is destroyed without being run") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  for (auto what :
       {"a timer", "a shared timer", "a socket", "a shared socket", "an acceptor", "a signal", "its turn"}) {
    CAPTURE(what);
    auto actor = s.spawn_together("io_waiting", std::string{what}, caf::actor{s.self});
    s.self->send(actor, caf::close_atom_v);
    CHECK(next<std::string>(s.self) == "destroyed");
  }
}

TEST_CASE("what an actor waits for is cancelled when an exit message or an exception ends it") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto killed = s.spawn_together("io_waiting", std::string{"a socket"}, caf::actor{s.self});
  s.self->send_exit(killed, caf::exit_reason::kill);
  CHECK(next<std::string>(s.self) == "destroyed");
  auto thrown = s.spawn_together("io_waiting", std::string{"a timer"}, caf::actor{s.self});
  s.self->send(thrown, caf::sys_atom_v);
  CHECK(next<std::string>(s.self) == "destroyed");
}

TEST_CASE("an actor that writes to a pipe without a reader gets an error, and its process lives on") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  auto before = std::signal(SIGPIPE, SIG_DFL); // whatever this program has inherited
  {
    stage s{where};
    auto actor = s.spawn("io_writer");
    CHECK(ask<int32_t>(s.self, actor, caf::put_atom_v) == EPIPE);
    CHECK(ask<int32_t>(s.self, actor, caf::put_atom_v) == EPIPE);
  }
  std::signal(SIGPIPE, before);
}

TEST_CASE("an actor that waits lives on without a handle to it") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  s.spawn("io_forgotten", caf::actor{s.self});
  CHECK(next<std::string>(s.self) == "ticked");
}

TEST_CASE("a socket and a timer that nobody waits for do not keep their actor alive") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto actor = s.spawn("io_idle", caf::actor{s.self});
  CHECK(ask<void>(s.self, actor, caf::ok_atom_v)); // still there
  actor = nullptr;
  CHECK(next<std::string>(s.self) == "destroyed");
}
