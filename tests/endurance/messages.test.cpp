// Everything that one pair of processes can do for each other, thousands of times. What would be caught: an entry of a table, an
// observer, a timer, a loan or a handle that stays behind in either of them.
#include "actors.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

using namespace endurance;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using test_support::patience;

namespace {

// More than the 1024 ended actors that a process remembers.
constexpr size_t many = 5'000;
constexpr rounds thousands{.first = many, .more = many};

/// A worker whose own heap is looked at as well.
struct pair : site {
  explicit pair(const bulkhead::worker_options& options = {}) : who(spawn(options)) {
    // nop
  }

  void check(const std::function<void(size_t)>& round, rounds how = thousands) {
    size_t there = 0;
    CHECK(stays_level(how, [&](size_t i) {
      round(i);
      if (i + 1 == how.first)
        there = heap_there();
    }));
    // Its tables double now and then as well.
    CHECK(eventually([&] { return heap_there() <= there + how.more * std::max<size_t>(how.bytes_max, 64); }));
  }

  size_t heap_there() {
    auto result = ask<size_t>(self, who, caf::get_atom_v);
    return result ? *result : SIZE_MAX;
  }

  // All that was sent to it before has been handled.
  void settle() {
    CHECK(ask<int32_t>(self, who, int32_t{1}) == 1);
  }

  caf::actor who;
};

bulkhead::worker_options supervised() {
  return {.restart = {.when = bulkhead::restart_when::on_crash}};
}

} // namespace

TEST_CASE("requests that are answered leave nothing behind") {
  pair here{GENERATE(bulkhead::worker_options{}, supervised())};
  here.check([&](size_t) { here.settle(); });
}

TEST_CASE("requests that nobody answers in time leave nothing with whoever asked") {
  pair here{GENERATE(bulkhead::worker_options{}, supervised())};
  CHECK(stays_level({.first = many / 10, .more = many / 10, .bytes_max = 64}, [&](size_t) {
    std::optional<caf::error> failed;
    here.self->request(here.who, 1ms, caf::wait_for_atom_v)
      .receive([](int32_t) {}, [&](caf::error& why) { failed = std::move(why); });
    CHECK(failed == caf::sec::request_timeout);
  }));
}

TEST_CASE("a monitor that is taken back leaves nothing behind") {
  pair here{GENERATE(bulkhead::worker_options{}, supervised())};
  auto watched = caf::actor_cast<caf::strong_actor_ptr>(here.who);
  auto before = observers_of(watched);
  here.check([&](size_t i) {
    here.self->monitor(here.who);
    here.self->demonitor(here.who);
    if (i % 100 == 0)
      here.settle();
  });
  CHECK(observers_of(watched) == before);
}

TEST_CASE("light actors that watched a heavy one, or were linked to it, and have ended leave nothing at it") {
  pair here{GENERATE(bulkhead::worker_options{}, supervised())};
  auto watched = caf::actor_cast<caf::strong_actor_ptr>(here.who);
  auto links = GENERATE(false, true);
  CAPTURE(links);
  here.check([&](size_t i) {
    auto guest = here.sys.spawn([who = here.who, links](caf::event_based_actor* self) {
      if (links)
        self->link_to(who);
      else
        self->monitor(who);
    });
    here.self->wait_for(guest);
    if (i % 100 == 0)
      here.settle();
  });
  CHECK(observers_of(watched) < 100);
}

TEST_CASE("light actors that spoke with a heavy one and have ended are forgotten by both processes") {
  pair here{GENERATE(bulkhead::worker_options{}, supervised())};
  here.check([&](size_t) {
    auto guest = here.sys.spawn([who = here.who](caf::event_based_actor* self) {
      self->request(who, caf::infinite, int32_t{7}).then([](int32_t) {});
    });
    here.self->wait_for(guest);
  });
}

TEST_CASE("handles of light actors that a heavy one keeps and watches for a while leave nothing behind") {
  pair here;
  here.check([&](size_t) {
    auto guest = here.sys.spawn(
      [](caf::event_based_actor* self) -> caf::behavior { return {[self](caf::close_atom) { self->quit(); }}; });
    here.self->send(here.who, guest);
    here.settle();
    here.self->send(guest, caf::close_atom_v);
    here.self->wait_for(guest);
  });
}

TEST_CASE("actors that a heavy one starts and hands out leave nothing behind when they have ended") {
  pair here;
  here.check([&](size_t) {
    auto guest = ask<caf::actor>(here.self, here.who, caf::spawn_atom_v);
    REQUIRE(guest);
    here.self->monitor(*guest);
    here.self->send(*guest, caf::close_atom_v);
    CHECK(test_support::end_of(here.self, *guest).has_value());
  });
}

TEST_CASE("delayed messages leave nothing behind, whether they came or were taken back") {
  pair here;
  auto& clock = here.sys.scheduler().clock();
  here.check(
    [&](size_t) {
      here.self->delayed_send(here.who, 0ms, int32_t{1});
      here.self->receive([](int32_t) {}); // what it answers
      auto late = caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, std::string(100, 'x'));
      clock.schedule_message(clock.now() + 24h, caf::actor_cast<caf::strong_actor_ptr>(here.who), std::move(late))
        .dispose();
    },
    {.first = many, .more = many});
}

TEST_CASE("shared values that are made, sent, read and dropped leave nothing behind") {
  pair here;
  constexpr size_t some = many / 5;
  here.check(
    [&](size_t i) {
      auto made = bulkhead::shared_value_writer<int64_t>::make(here.sys, static_cast<int64_t>(i));
      REQUIRE(made);
      CHECK(ask<int64_t>(here.self, here.who, made->share()) == static_cast<int64_t>(i));
      auto counter = bulkhead::shared_counter::make();
      REQUIRE(counter);
      here.self->send(here.who, *counter);
      auto theirs = ask<bulkhead::shared_value<int64_t>>(here.self, here.who, caf::open_atom_v);
      REQUIRE(theirs);
      CHECK(theirs->load() == 1);
    },
    {.first = many, .more = some, .bytes_max = 32});
}

TEST_CASE("payloads that are lent and dropped leave nothing behind") {
  pair here;
  here.check(
    [&](size_t i) {
      auto size = i % 2 == 0 ? size_t{100} : size_t{100'000};
      CHECK(ask<size_t>(here.self, here.who, bulkhead::bytes{caf::byte_buffer(size)}) == size);
    },
    {.first = many, .more = many / 5, .bytes_max = 32});
}

TEST_CASE("listeners that have ended are forgotten although nothing happens") {
  site here;
  CHECK(stays_level(thousands, [&](size_t) {
    auto guest = here.sys.spawn([](caf::event_based_actor*) {});
    here.host.subscribe(guest);
    here.self->wait_for(guest);
  }));
}

TEST_CASE("a listener that subscribes again and again is told of each event once") {
  site here;
  auto listener = caf::actor_cast<caf::actor>(here.self.ptr());
  CHECK(stays_level(thousands, [&](size_t) { here.host.subscribe(listener); }));
  auto who = here.spawn();
  CHECK(!ask<int32_t>(here.self, who, int32_t{-1}));
  CHECK(test_support::next<bulkhead::death_certificate>(here.self).has_value());
  auto again = false;
  here.self->receive([&](const bulkhead::death_certificate&) { again = true; }, caf::after(0ms) >> [] {});
  CHECK(!again);
}

TEST_CASE("sockets and timers that are closed at the end of an actor and gone before leave nothing at it") {
  site here;
  auto opens = here.sys.spawn([](caf::event_based_actor* self) -> caf::behavior {
    return {[self](int32_t x) {
      auto timer = std::make_shared<boost::asio::basic_waitable_timer<
        std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, bulkhead::actor_executor>>(
        bulkhead::io(self), 24h);
      bulkhead::close_at_end(self, timer);
      return x;
    }};
  });
  CHECK(stays_level(thousands, [&](size_t i) { CHECK(ask<int32_t>(here.self, opens, static_cast<int32_t>(i))); }));
  CHECK(observers_of(caf::actor_cast<caf::strong_actor_ptr>(opens)) < 5);
}

TEST_CASE("coroutines that wait for answers, delays and futures leave nothing at their actor") {
  pair here;
  auto waits = here.sys.spawn([who = here.who](caf::event_based_actor* self) -> caf::behavior {
    return {[=](int32_t x) {
      auto promise = self->make_response_promise<int32_t>();
      bulkhead::co_spawn(self,
                         [](caf::event_based_actor* me, caf::actor to, int32_t y,
                            caf::typed_response_promise<int32_t> done) -> bulkhead::awaitable<> {
                           co_await bulkhead::delay(0ms);
                           done.deliver(co_await bulkhead::request<int32_t>(me, to, caf::infinite, y));
                         }(self, who, x, promise));
      return promise;
    }};
  });
  here.check([&](size_t i) { CHECK(ask<int32_t>(here.self, waits, static_cast<int32_t>(i))); });
  CHECK(observers_of(caf::actor_cast<caf::strong_actor_ptr>(waits)) < 5);
}

TEST_CASE("children of a supervisor that come and go leave nothing behind") {
  site here;
  auto top = bulkhead::supervise(here.sys, {}, {});
  REQUIRE(top);
  CHECK(stays_level({.first = many, .more = many / 5, .bytes_max = 64}, [&](size_t i) {
    auto name = "child " + std::to_string(i);
    auto light = bulkhead::child(name, [](caf::event_based_actor* self) {
      return self->spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int32_t x) { return x; }}; });
    });
    CHECK(bulkhead::start_child(*top, std::move(light)).get());
    CHECK(bulkhead::stop_child(*top, name).get());
  }));
}
