// Actors that wait for timers, signals and pipes with bulkhead::io, in the host and in workers alike.
//
// Catches a completion that is lost or comes out of turn.

#include "support/stage.hpp"

#include <bulkhead/io.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <csignal>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

using namespace test_support;
using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// (get) -> what happened, in order, when all four have.
caf::behavior timers(caf::event_based_actor* self) {
  return {
    [=](caf::get_atom) {
      auto io = bulkhead::io(self);
      auto promise = self->make_response_promise<std::string>();
      auto log = std::make_shared<std::string>();
      auto all = std::make_shared<std::vector<std::unique_ptr<asio::steady_timer>>>();
      auto add = [&](caf::timespan when, std::string name) {
        all->push_back(std::make_unique<asio::steady_timer>(io, when));
        all->back()->async_wait([=](error_code failed) mutable {
          *log += failed == asio::error::operation_aborted ? name + " cancelled, " : name + ", ";
          if (name == "last")
            promise.deliver(*log);
          if (name == "first")
            all->at(2)->cancel();
        });
      };
      add(60ms, "last");
      add(1ms, "first");
      add(24h, "never");
      add(30ms, "second");
      return promise;
    },
  };
}

struct patient_state {
  std::optional<asio::steady_timer> timer;
};

// While it awaits a response it handles nothing else, a completion neither.
caf::behavior patient(caf::stateful_actor<patient_state>* self, caf::actor slow) {
  return {
    [=](caf::get_atom) {
      auto promise = self->make_response_promise<std::string>();
      self->state.timer.emplace(bulkhead::io(self), 0ms);
      auto log = std::make_shared<std::string>();
      self->state.timer->async_wait([=](error_code) mutable { promise.deliver(*log + "timer"); });
      self->request(slow, caf::infinite, caf::get_atom_v).await([=](caf::ok_atom) { *log += "response, "; });
      return promise;
    },
  };
}

// (get) -> the number of the signal that this process sends to itself.
caf::behavior signalled(caf::event_based_actor* self) {
  return {
    [=](caf::get_atom) {
      auto promise = self->make_response_promise<int32_t>();
      auto signals = std::make_shared<asio::signal_set>(bulkhead::io(self), SIGUSR1);
      signals->async_wait([=](error_code, int number) mutable {
        signals->cancel();
        promise.deliver(number);
      });
      ::kill(::getpid(), SIGUSR1);
      return promise;
    },
  };
}

// (text) -> the same text, after it went through a pipe.
caf::behavior plumber(caf::event_based_actor* self) {
  return {
    [=](const std::string& text) {
      std::array<int, 2> ends{};
      if (::pipe(ends.data()) != 0)
        throw std::runtime_error{"no pipe"};
      auto io = bulkhead::io(self);
      auto out = std::make_shared<asio::posix::stream_descriptor>(io, ends[0]);
      auto in = std::make_shared<asio::posix::stream_descriptor>(io, ends[1]);
      auto promise = self->make_response_promise<std::string>();
      auto received = std::make_shared<std::string>();
      auto sent = std::make_shared<std::string>(text + '\n');
      asio::async_read_until(*out, asio::dynamic_buffer(*received), '\n', [=](error_code, size_t size) mutable {
        out->close();
        promise.deliver(received->substr(0, size - 1));
      });
      asio::async_write(*in, asio::buffer(*sent), [sent, in](error_code, size_t) {});
      return promise;
    },
  };
}

const known_actor io_known[] = {
  known_actor{bulkhead::heavy<"io_timers", timers>::add_to},
  known_actor{bulkhead::heavy<"io_patient", patient>::add_to},
  known_actor{bulkhead::heavy<"io_signalled", signalled>::add_to},
  known_actor{bulkhead::heavy<"io_plumber", plumber>::add_to},
};

caf::behavior slow(caf::event_based_actor* self) {
  return {
    [=](caf::get_atom) {
      auto promise = self->make_response_promise<caf::ok_atom>();
      self->run_delayed(30ms, [=]() mutable { promise.deliver(caf::ok_atom_v); });
      return promise;
    },
  };
}

} // namespace

TEST_CASE("timers of an actor go off in their order, and can be cancelled") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  CHECK(ask<std::string>(s.self, s.spawn("io_timers"), caf::get_atom_v) == "first, never cancelled, second, last, ");
}

TEST_CASE("a completion waits as any message does while its actor awaits a response") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto actor = s.spawn("io_patient", s.sys.spawn(slow));
  CHECK(ask<std::string>(s.self, actor, caf::get_atom_v) == "response, timer");
}

TEST_CASE("an actor can wait for a signal to its process") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  CHECK(ask<int32_t>(s.self, s.spawn("io_signalled"), caf::get_atom_v) == SIGUSR1);
}

TEST_CASE("an actor can read and write pipes, also more than a pipe holds") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto actor = s.spawn("io_plumber");
  for (size_t size : {1u, 1'000u, 1'000'000u}) {
    std::string text(size, 'x');
    CHECK(ask<std::string>(s.self, actor, text) == text);
  }
}
