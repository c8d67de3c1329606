// Pools that live long: bursts, crowds of messages that kill, members that come and go.
#include "actors.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <vector>

using namespace endurance;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using test_support::patience;

namespace {

bulkhead::pool_options sized(size_t workers_min, size_t workers_max) {
  bulkhead::pool_options result;
  result.workers_min = workers_min;
  result.workers_max = workers_max;
  result.prefetch_max = 1;
  return result;
}

/// What subscribers and the log are told. Before the site, which tells it to its end.
struct told {
  void listen_to(site& here) {
    here.host.log_to([this](std::string_view line) {
      std::lock_guard guard{mutex_};
      lines_.emplace_back(line);
    });
    listener_ = here.sys.spawn([this](caf::event_based_actor* self) -> caf::behavior {
      self->set_default_handler(caf::drop);
      return {[this](const bulkhead::supervision_event& x) {
        std::lock_guard guard{mutex_};
        events_.push_back(x);
      }};
    });
    here.host.subscribe(listener_);
  }

  void stop() {
    caf::anon_send_exit(listener_, caf::exit_reason::user_shutdown);
    listener_ = nullptr;
  }

  [[nodiscard]] bool logged(const std::string& part) const {
    std::lock_guard guard{mutex_};
    return std::any_of(lines_.begin(), lines_.end(), [&](auto& x) { return x.find(part) != std::string::npos; });
  }

  [[nodiscard]] bool has(bulkhead::supervision_incident what, const std::string& part) const {
    std::lock_guard guard{mutex_};
    return std::any_of(events_.begin(), events_.end(),
                       [&](auto& x) { return x.what == what && x.detail.find(part) != std::string::npos; });
  }

private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  std::vector<bulkhead::supervision_event> events_;
  caf::actor listener_;
};

caf::actor start(site& here, const bulkhead::pool_options& options) {
  auto pool = here.host.pool("worker", options);
  REQUIRE(pool);
  return *pool;
}

} // namespace

TEST_CASE("members that a pool does not need any more end, whoever refers to them") {
  site here;
  auto options = sized(1, 4);
  options.grow_after = 0ms;
  options.idle_after = 1ms;
  auto pool = start(here, options);
  for (int burst = 0; burst < 3; ++burst) {
    for (int32_t i = 0; i < 40; ++i)
      here.self->send(pool, caf::sys_atom_v, i); // nobody reads the answers, which name their senders
    CHECK(eventually([&] {
      auto now = here.host.status(pool);
      return now && now->waiting == 0 && now->members.size() == 1 && now->starting == 0;
    }));
    CHECK(eventually([&] { return here.host.live_workers() == 1; }));
  }
  CHECK(ask<int32_t>(here.self, pool, int32_t{1}) == 1);
}

TEST_CASE(
  "a pool with the options that it has by default outlives a crowd of messages that kill, and serves the others") {
  std::atomic<int> answered = 0, died = 0, other = 0;
  site here;
  bulkhead::pool_options options;
  options.workers_max = options.workers_min = 2;
  auto pool = start(here, options);
  constexpr int32_t crowd = 40;
  here.sys.spawn([&, pool](caf::event_based_actor* self) {
    for (int32_t i = 0; i < crowd; ++i) {
      self->request(pool, caf::infinite, int32_t{-1})
        .then([&](int32_t) { ++other; },
              [&](const caf::error& why) { ++(why == bulkhead::errc::worker_lost ? died : other); });
      self->request(pool, caf::infinite, i).then([&](int32_t) { ++answered; }, [&](const caf::error&) { ++other; });
    }
  });
  CHECK(eventually([&] { return answered + died + other == 2 * crowd; }));
  CHECK(answered == crowd);
  CHECK(died == crowd);
  auto now = here.host.status(pool);
  REQUIRE(now);
  CHECK(now->members.size() == 2);
  CHECK(now->given_up == 0);
  CHECK(!now->ended);
}

TEST_CASE("a pool that gives up says so in the log, in an event and in its status, and what waits is not blamed") {
  told all;
  site here;
  all.listen_to(here);
  auto options = sized(2, 2);
  options.name = "readers";
  options.restart.restarts_max = 0;
  auto pool = start(here, options);
  CHECK(!ask<int32_t>(here.self, pool, int32_t{-1}));
  CHECK(eventually([&] { return all.logged("pool readers goes on with 1 member"); }));
  CHECK(here.host.status(pool)->given_up == 1);
  here.self->send(pool, int32_t{-1});
  auto innocent = ask<int32_t>(here.self, pool, int32_t{1});
  REQUIRE(!innocent);
  CHECK(innocent.error() == bulkhead::errc::restarts_exhausted);
  auto death = bulkhead::death_of(innocent.error());
  CHECK((!death || !death->in_doubt));
  CHECK(eventually([&] { return all.logged("pool readers ends: its last member was given up"); }));
  CHECK(eventually([&] { return all.has(bulkhead::supervision_incident::gave_up, "pool readers: ends"); }));
  auto now = here.host.status(pool);
  REQUIRE(now);
  CHECK(now->given_up == 2);
  CHECK(now->ended == bulkhead::errc::restarts_exhausted);
  all.stop();
}

TEST_CASE("an actor that is given up is told of in the log") {
  told all;
  site here;
  all.listen_to(here);
  auto who = here.spawn({.restart = {.when = bulkhead::restart_when::on_crash, .restarts_max = 0}});
  CHECK(!ask<int32_t>(here.self, who, int32_t{-1}));
  CHECK(eventually([&] { return all.logged("actor worker is given up after 1 death within 10000 ms"); }));
  all.stop();
}

TEST_CASE("members of pools that await each other's answers in a circle are found out, and one request fails") {
  std::atomic<size_t> ended = 0, broken = 0;
  site here;
  auto members = GENERATE(size_t{1}, size_t{2});
  CAPTURE(members);
  auto prefetch = GENERATE(size_t{1}, size_t{4});
  CAPTURE(prefetch);
  auto options = sized(members, members);
  options.prefetch_max = prefetch;
  auto first = start(here, options), second = start(here, options);
  // Each way keeps one member waiting, and twice as many as there are members leave none that could answer, with requests in the pool.
  auto walkers = 2 * members;
  auto walk = [&](const std::vector<caf::actor>& way) {
    for (size_t i = 0; i < walkers; ++i)
      here.sys.spawn([&, way](caf::event_based_actor* self) {
        auto to = way.front();
        self->request(to, caf::infinite, caf::forward_atom_v, std::vector<caf::actor>(way.begin() + 1, way.end()))
          .then([&](int32_t) { ++ended; },
                [&](const caf::error& why) {
                  broken += why == bulkhead::errc::deadlock ? 1 : 0;
                  ++ended;
                });
      });
    CHECK(eventually([&] { return ended == walkers; }));
    ended = 0;
  };
  walk({first, first});
  walk({first, second, first});
  CHECK(ask<int32_t>(here.self, first, int32_t{1}) == 1);
  CHECK(ask<int32_t>(here.self, second, int32_t{1}) == 1);
  if (members == 1)
    CHECK(broken == 2 * walkers);
}
