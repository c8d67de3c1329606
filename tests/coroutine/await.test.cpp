// Catches an awaited thing whose value, or whose error, does not reach the coroutine, in the host or in a worker.
#include "actors.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <stdexcept>

#include <unistd.h>

using namespace test_support;
using bulkhead::awaitable;
using bulkhead::errc;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

awaitable<int32_t> doubled_twice(caf::event_based_actor* self, caf::actor peer, int32_t x) {
  auto y = co_await bulkhead::request<int32_t>(self, peer, patience, x);
  co_return co_await bulkhead::request<int32_t>(self, peer, patience, y);
}

awaitable<std::string> through_socket(caf::event_based_actor* self, std::string text) {
  using socket = asio::local::stream_protocol::socket;
  socket here{bulkhead::io(self)}, there{bulkhead::io(self)};
  asio::local::connect_pair(here, there);
  std::string result(text.size(), ' ');
  co_await (asio::async_write(here, asio::buffer(text), bulkhead::use_awaitable)
            && asio::async_read(there, asio::buffer(result), bulkhead::use_awaitable));
  here.close();
  auto [failed, size] = co_await there.async_read_some(asio::buffer(result), asio::as_tuple(asio::deferred));
  co_return result + (failed == asio::error::eof ? ", end" : ", no end");
}

awaitable<int32_t> through_pipe(caf::event_based_actor* self) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0)
    throw std::runtime_error{"no pipe"};
  asio::posix::stream_descriptor out{bulkhead::io(self), ends[0]}, in{bulkhead::io(self), ends[1]};
  asio::write(in, asio::buffer("x", 1));
  co_await out.async_wait(asio::posix::descriptor_base::wait_read, asio::deferred);
  std::array<char, 4> buffer{};
  co_return static_cast<int32_t>(out.read_some(asio::buffer(buffer)));
}

awaitable<std::string> error_of(caf::event_based_actor* self, caf::actor peer) {
  try {
    co_await bulkhead::request<int32_t>(self, peer, patience, int32_t{-1});
  } catch (const bulkhead::failure& x) {
    co_return to_string(x.reason());
  }
  co_return "no error";
}

awaitable<std::string> expected_error_of(caf::event_based_actor* self, caf::actor peer) {
  auto y = co_await bulkhead::as_expected(bulkhead::request<int32_t>(self, peer, patience, int32_t{4}));
  if (y != 8)
    co_return "no value";
  auto z = co_await bulkhead::as_expected(bulkhead::request<int32_t>(self, peer, patience, int32_t{-1}));
  auto u = co_await bulkhead::as_expected(error_of(self, peer));
  auto v = co_await bulkhead::as_expected(doubled_twice(self, peer, -1));
  co_return z || !u || v ? "no error" : to_string(z.error()) == *u && z.error() == v.error() ? "the same" : "another";
}

awaitable<std::string> receive_some(caf::event_based_actor* self) {
  auto [x, y] = co_await bulkhead::receive<int32_t, std::string>(self);
  auto log = std::to_string(x) + y;
  for (int i = 0; i < 3; ++i)
    log += co_await bulkhead::receive<std::string>(self);
  co_return log;
}

awaitable<> fail_as(std::string how) {
  co_await bulkhead::delay(1us);
  if (how == "error")
    throw bulkhead::failure{caf::make_error(errc::out_of_memory, "on purpose")};
  throw std::runtime_error{"on purpose"};
}

// Does in a coroutine what it is asked.
caf::behavior asked(caf::event_based_actor* self, caf::actor peer) {
  return {
    [=](int32_t x) { return co_respond(self, doubled_twice(self, peer, x)); },
    [=](caf::get_atom, const std::string& text) { return co_respond(self, through_socket(self, text)); },
    [=](caf::open_atom) { return co_respond(self, through_pipe(self)); },
    [=](caf::sys_atom) { return co_respond(self, error_of(self, peer)); },
    [=](caf::tick_atom) { return co_respond(self, expected_error_of(self, peer)); },
    [=](caf::ok_atom) { return co_respond(self, receive_some(self)); },
    [=](caf::put_atom, const std::string& how) { bulkhead::co_spawn(self, fail_as(how)); },
    [=](caf::add_atom) { return co_respond(self, bulkhead::delay(1ms)); },
  };
}

const known_actor known[] = {
  known_actor{bulkhead::heavy<"co_asked", asked>::add_to},
  known_actor{bulkhead::heavy<"co_doubler", coroutines::doubler>::add_to},
  known_actor{bulkhead::heavy<"co_silent", coroutines::silent>::add_to},
};

} // namespace

TEST_CASE("a handler answers with a coroutine, which awaits what it needs") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto actor = s.spawn("co_asked", s.sys.spawn(coroutines::doubler));
  SECTION("requests") {
    CHECK(ask<int32_t>(s.self, actor, int32_t{5}) == 20);
    CHECK(ask<int32_t>(s.self, actor, int32_t{-5}).error() == caf::sec::invalid_argument);
  }
  SECTION("sockets") {
    CHECK(ask<std::string>(s.self, actor, caf::get_atom_v, std::string{"text"}) == "text, end");
  }
  SECTION("descriptors") {
    CHECK(ask<int32_t>(s.self, actor, caf::open_atom_v) == 1);
  }
  SECTION("timers") {
    CHECK(ask<void>(s.self, actor, caf::add_atom_v));
  }
  SECTION("errors as exceptions") {
    CHECK(ask<std::string>(s.self, actor, caf::sys_atom_v) == to_string(caf::make_error(caf::sec::invalid_argument)));
  }
  SECTION("errors as values") {
    CHECK(ask<std::string>(s.self, actor, caf::tick_atom_v) == "the same");
  }
  SECTION("messages") {
    auto response = s.self->request(actor, patience, caf::ok_atom_v);
    s.self->send(actor, int32_t{7}, std::string{"a"});
    for (auto text : {"b", "c", "d"})
      s.self->send(actor, std::string{text});
    std::string log;
    response.receive([&](std::string& x) { log = std::move(x); },
                     [&](const caf::error& reason) { log = to_string(reason); });
    CHECK(log == "7abcd");
  }
  s.self->send_exit(actor, caf::exit_reason::user_shutdown); // CAF's timers for requests would keep it for a while
}

TEST_CASE("what nobody waits for at the moment stays in the mailbox in its order") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto boss = caf::actor_cast<caf::actor>(self);
  auto actor = f.sys.spawn([boss](caf::event_based_actor* me) {
    bulkhead::co_spawn(me, [](caf::event_based_actor* me2, caf::actor to) -> awaitable<> {
      std::string log;
      for (int i = 0; i < 100; ++i) {
        log += std::to_string(co_await bulkhead::receive<int32_t>(me2));
        if (i % 10 == 0)
          co_await bulkhead::delay(100us);
      }
      me2->send(to, log);
    }(me, boss));
  });
  std::string wanted;
  for (int32_t i = 0; i < 100; ++i) {
    self->send(actor, i);
    wanted += std::to_string(i);
  }
  CHECK(next<std::string>(self) == wanted);
}

TEST_CASE("an error that leaves a coroutine that nobody awaits is its actor's") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto peer = f.sys.spawn(coroutines::doubler);
  auto failed = f.sys.spawn(asked, peer);
  self->monitor(failed);
  self->send(failed, caf::put_atom_v, std::string{"error"});
  CHECK(end_of(self, failed) == caf::make_error(errc::out_of_memory, "on purpose"));
  auto thrown = f.sys.spawn(asked, peer);
  self->monitor(thrown);
  self->send(thrown, caf::put_atom_v, std::string{"exception"});
  CHECK(end_of(self, thrown) == caf::sec::runtime_error);
  auto boss = caf::actor_cast<caf::actor>(self);
  auto deaf = f.sys.spawn([boss](caf::event_based_actor* me) -> caf::behavior {
    me->set_error_handler(
      [=](caf::error& reason) { me->send(boss, reason == errc::out_of_memory ? int32_t{1} : int32_t{0}); });
    bulkhead::co_spawn(me, fail_as("error"));
    return {[](caf::get_atom) {}};
  });
  CHECK(next<int32_t>(self) == 1);
  CHECK(ask<void>(self, deaf, caf::get_atom_v));
}

TEST_CASE("a coroutine awaits the spawn of a heavy actor, or the error that says why there is none") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto server = f.sys.spawn([](caf::event_based_actor* me) -> caf::behavior {
    return {
      [=](int32_t x) {
        return co_respond(me, [](caf::event_based_actor* me2, int32_t y) -> awaitable<int32_t> {
          auto worker = co_await bulkhead::spawn(me2, "co_doubler");
          co_return co_await bulkhead::request<int32_t>(me2, worker, patience, y);
        }(me, x));
      },
      [=](const std::string& name) {
        return co_respond(me, [](caf::event_based_actor* me2, std::string what) -> awaitable<caf::actor> {
          co_return co_await bulkhead::spawn(me2, what);
        }(me, name));
      },
    };
  });
  CHECK(ask<int32_t>(self, server, int32_t{4}) == 8);
  CHECK(ask<caf::actor>(self, server, std::string{"nobody"}).error() == errc::unknown_actor);
  self->send_exit(server, caf::exit_reason::user_shutdown);
}

TEST_CASE("a worker that is killed while a coroutine awaits its answer gives the coroutine the error of the death") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto worker = f.host.start_worker();
  REQUIRE(worker);
  auto silent = worker->spawn("co_silent");
  REQUIRE(silent);
  auto actor = f.sys.spawn([to = *silent](caf::event_based_actor* me) -> caf::behavior {
    return {[=](int32_t x) {
      return co_respond(me, [](caf::event_based_actor* me2, caf::actor to2, int32_t y) -> awaitable<int32_t> {
        try {
          co_return co_await bulkhead::request<int32_t>(me2, to2, caf::infinite, y);
        } catch (const bulkhead::failure& x2) {
          auto death = bulkhead::death_of(x2.reason());
          co_return x2.reason() == errc::worker_lost&& death ? death->status : -1;
        }
      }(me, to, x));
    }};
  });
  auto asker = f.sys.spawn([actor, boss = caf::actor_cast<caf::actor>(self)](caf::event_based_actor* me) {
    me->request(actor, caf::infinite, int32_t{1}).then([=](int32_t x) { me->send(boss, x); });
  });
  REQUIRE(eventually([&] { return ask<int32_t>(self, *silent, caf::get_atom_v) == 1; }));
  worker->kill();
  CHECK(next<int32_t>(self) == 9);
}

TEST_CASE("ten thousand coroutines of one actor wait at once, and all of them end") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto boss = caf::actor_cast<caf::actor>(self);
  auto peer = f.sys.spawn(coroutines::doubler);
  f.sys.spawn([=](caf::event_based_actor* me) {
    bulkhead::co_spawn(me, [](caf::event_based_actor* me2, caf::actor to, caf::actor from) -> awaitable<> {
      int64_t sum = 0;
      auto one = [&](int32_t i) -> awaitable<> { sum += co_await bulkhead::request<int32_t>(me2, from, patience, i); };
      co_await bulkhead::with_task_group([&](bulkhead::task_group group) -> awaitable<> {
        for (int32_t i = 0; i < 10'000; ++i)
          group.add(one(i));
        co_return;
      });
      me2->send(to, sum);
    }(me, boss, peer));
  });
  CHECK(next<int64_t>(self) == int64_t{9'999} * 10'000);
}
