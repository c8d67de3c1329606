// The life of a coroutine and that of its actor.
//
// Catches a coroutine that outlives its actor or the actor system, runs after its actor's end, keeps alive an actor that nobody can
// reach, or is lost while its actor lives. Under ASan also a leak, and a frame that is used after it has gone.
#include "actors.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>

using namespace test_support;
using bulkhead::awaitable;
using coroutines::census;
using namespace std::chrono_literals;

namespace {

// Suspends a coroutine of each kind that is named; (get) -> when it has, (close) -> quits, (sys) -> throws.
caf::behavior waiting(caf::event_based_actor* self, std::vector<std::string> kinds, caf::actor silent, census count) {
  for (auto& kind : kinds)
    bulkhead::co_spawn(self, coroutines::wait_for_ever(self, kind, silent, count.enter()));
  return {
    [](caf::get_atom) {},
    [=](caf::close_atom) { self->quit(); },
    [=](caf::sys_atom) { throw std::runtime_error{"on purpose"}; },
  };
}

} // namespace

TEST_CASE("when an actor ends, its coroutines end with it, whatever they wait for") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto silent = f.sys.spawn(coroutines::silent);
  std::vector<std::string> all{std::begin(coroutines::kinds), std::end(coroutines::kinds)};
  auto kind = GENERATE(range(size_t{0}, std::size(coroutines::kinds)));
  CAPTURE(all[kind]);
  for (auto how : {"quits", "throws", "is killed", "is not reachable"}) {
    CAPTURE(how);
    census count;
    auto actor = f.sys.spawn(waiting, std::vector<std::string>{all[kind]}, silent, count);
    CHECK(ask<void>(self, actor, caf::get_atom_v));
    CHECK(count.count() > 0);
    if (how == std::string{"quits"})
      self->send(actor, caf::close_atom_v);
    else if (how == std::string{"throws"})
      self->send(actor, caf::sys_atom_v);
    else if (how == std::string{"is killed"} || all[kind] != "a message")
      self->send_exit(actor, caf::exit_reason::kill);
    actor = nullptr;
    CHECK(count.empty());
  }
}

TEST_CASE("an actor that ends takes a thousand coroutines of all kinds along") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto silent = f.sys.spawn(coroutines::silent);
  census count;
  std::vector<std::string> many;
  for (size_t i = 0; i < 1000; ++i)
    if (auto kind = coroutines::kinds[i % std::size(coroutines::kinds)];
        std::string{"a socket"} != kind && std::string{"a descriptor"} != kind && std::string{"a group"} != kind)
      many.emplace_back(kind);
  auto actor = f.sys.spawn(waiting, many, silent, count);
  CHECK(ask<void>(self, actor, caf::get_atom_v));
  CHECK(count.count() >= many.size());
  self->send_exit(actor, caf::exit_reason::user_shutdown);
  CHECK(count.empty());
}

TEST_CASE("an actor that ends while its timers go off destroys each coroutine once") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  census count;
  for (int round = 0; round < 50; ++round) {
    auto actor = f.sys.spawn([count](caf::event_based_actor* me) -> caf::behavior {
      for (int i = 0; i < 20; ++i)
        bulkhead::co_spawn(me, [](census::entry) -> awaitable<> {
          for (;;)
            co_await (bulkhead::delay(50us) || bulkhead::delay(60us));
        }(count.enter()));
      return {[](caf::get_atom) {}};
    });
    CHECK(ask<void>(self, actor, caf::get_atom_v));
    self->send_exit(actor, caf::exit_reason::kill);
  }
  CHECK(count.empty());
}

TEST_CASE("an actor system that ends with coroutines that wait leaves none of them") {
  for (auto kind : coroutines::kinds) {
    CAPTURE(kind);
    census count;
    {
      host_fixture f;
      f.sys.await_actors_before_shutdown(false);
      caf::scoped_actor self{f.sys};
      auto silent = f.sys.spawn(coroutines::silent);
      auto actor = f.sys.spawn(waiting, std::vector<std::string>{kind}, silent, count);
      CHECK(ask<void>(self, actor, caf::get_atom_v));
    }
    CHECK(count.empty());
  }
}

TEST_CASE("an actor without a behavior lives until its last coroutine has ended") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto boss = caf::actor_cast<caf::actor>(self);
  auto actor = f.sys.spawn([boss](caf::event_based_actor* me) {
    bulkhead::co_spawn(me, [](caf::event_based_actor* me2, caf::actor to) -> awaitable<> {
      auto x = co_await bulkhead::receive<int32_t>(me2);
      co_await bulkhead::delay(1ms);
      me2->send(to, x + 1);
    }(me, boss));
  });
  self->monitor(actor);
  self->send(actor, int32_t{6});
  CHECK(next<int32_t>(self) == 7);
  CHECK(end_of(self, actor) == caf::error{});
}

TEST_CASE("a coroutine that waits for a timer keeps its actor alive, one that waits for a message does not") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto boss = caf::actor_cast<caf::actor>(self);
  f.sys.spawn([boss](caf::event_based_actor* me) -> caf::behavior {
    bulkhead::co_spawn(me, [](caf::event_based_actor* me2, caf::actor to) -> awaitable<> {
      co_await bulkhead::delay(5ms);
      me2->send(to, int32_t{1});
    }(me, boss));
    return {[](caf::get_atom) {}};
  });
  CHECK(next<int32_t>(self) == 1);
  census count;
  f.sys.spawn(waiting, std::vector<std::string>{"a message"}, boss, count);
  CHECK(count.empty());
}

TEST_CASE("an actor handles messages while its coroutines wait") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto silent = f.sys.spawn(coroutines::silent);
  census count;
  auto actor = f.sys.spawn(waiting, std::vector<std::string>{"a request", "a timer", "a message"}, silent, count);
  for (int i = 0; i < 100; ++i)
    CHECK(ask<void>(self, actor, caf::get_atom_v));
  CHECK(count.count() == 3);
  self->send_exit(actor, caf::exit_reason::user_shutdown);
}
