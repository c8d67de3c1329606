// Requests whose time is over. Catches work that is begun although nobody waits for it, and what is left of it in tables.
#include "pool_actors.hpp"
#include "pressure.hpp"

#include <bulkhead/supervision.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <string>

#include <signal.h>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using test_support::host_fixture;

namespace {

// Passes a request on, as one of its own without a time limit: (string gate): asks `other` to wait at the gate, and answers as that one does.
// get_atom: the errors that it got so far.
caf::behavior middleman(caf::event_based_actor* self, const caf::actor& other) {
  auto errors = std::make_shared<std::string>();
  return {
    [self, other, errors](const std::string& gate) {
      auto request = self->request(other, caf::infinite, caf::tick_atom_v, gate);
      auto promise = self->make_response_promise<int32_t>();
      request.then([promise](int32_t x) mutable { promise.deliver(x); },
                   [promise, errors](const caf::error& why) mutable {
                     *errors += to_string(why);
                     promise.deliver(why);
                   });
      return promise;
    },
    [errors](caf::get_atom) { return *errors; },
  };
}

// (caf::tick_atom, string path): until it should end; says both in the diary
caf::behavior polite_scribe(caf::event_based_actor* self, const std::string& path) {
  return {
    [self, path](caf::tick_atom) {
      note_into(path, 0, 1);
      while (!overdue(self)) {
      }
      note_into(path, 0, 2);
      return int32_t{0};
    },
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
  };
}

const test_support::known_actor middleman_known{bulkhead::heavy<"middleman", middleman>::add_to};
const test_support::known_actor scribe_known{bulkhead::heavy<"polite scribe", polite_scribe>::add_to};

bool too_late(const std::string& error) {
  return error == to_string(caf::make_error(caf::sec::request_timeout));
}

/// A clerk that waits at a gate, and requests behind that whose time is over when it goes on.
struct late_requests {
  explicit late_requests(const worker_options& options) : clerk(spawn_clerk(here, options, book)) {
    held.ask(here.sys, clerk, caf::tick_atom_v, gate.path());
    REQUIRE(book.wait_for(1));
  }

  /// Each from an actor of its own.
  void ask_in_vain(int32_t count) {
    for (int32_t i = 0; i < count; ++i)
      CHECK(too_late(error_of(5ms, clerk, caf::put_atom_v, int32_t{1}, i)));
    // What one run of the clock ends is told before the next run.
    CHECK(too_late(error_of(1ms, silent, caf::put_atom_v)));
  }

  template <class... Ts>
  std::string error_of(std::chrono::milliseconds time, const caf::actor& whom, const Ts&... content) {
    std::string result;
    self->request(whom, time, content...)
      .receive([](int32_t) {}, [&](const caf::error& why) { result = to_string(why); });
    return result;
  }

  /// Whether nothing of what was asked in vain is in the diary, once the clerk has come to what was asked after it.
  bool nothing_was_begun() {
    auto answer = ask<int32_t>(self, clerk, caf::put_atom_v, int32_t{3}, int32_t{0});
    return answer && book.entries()[1].empty() && book.entries()[3].size() == 1;
  }

  host_fixture here;
  diary book;
  test_support::gate gate;
  caf::scoped_actor self{here.sys};
  caf::actor clerk;
  caf::actor silent = here.sys.spawn([](caf::event_based_actor* x) {
    auto promise = std::make_shared<caf::response_promise>();
    return caf::behavior{[x, promise](caf::put_atom) {
      *promise = x->make_response_promise();
      return *promise;
    }};
  });
  answer_list held;
};

} // namespace

TEST_CASE("a request whose time is over before its turn comes is not begun with") {
  for (auto supervises : {false, true}) {
    leftovers before;
    {
      late_requests x{supervises ? supervised() : worker_options{}};
      x.ask_in_vain(20);
      x.gate.open();
      CHECK(x.nothing_was_begun());
      CHECK(x.held.comes_to(1));
      CHECK(x.held.errors().empty());
    }
    before.check();
  }
}

TEST_CASE("a request that waits for room, for a process or in a pool goes when its time is over") {
  SECTION("for room") {
    late_requests x{limited(1)};
    outcomes out;
    for (int i = 0; i < 5; ++i)
      x.here.sys.spawn([&out, clerk = x.clerk](caf::event_based_actor* self) {
        self->request(clerk, 50ms, caf::put_atom_v, int32_t{1}, int32_t{0})
          .then([&out](int32_t) { out.answered(); }, [&out](const caf::error& why) { out.failed(why); });
      });
    REQUIRE(eventually([&] { return out.total() == 5; }));
    x.ask_in_vain(0);
    x.gate.open();
    REQUIRE(x.held.comes_to(1));
    CHECK(x.nothing_was_begun());
  }
  SECTION("for a process") {
    auto options = supervised();
    options.restart.backoff_min = options.restart.backoff_max = 2s;
    late_requests x{options};
    // The second death within a while is followed by a pause.
    REQUIRE(::kill(test_support::children().front(), SIGKILL) == 0);
    REQUIRE(x.held.comes_to(1));
    CHECK_FALSE(too_late(x.error_of(test_support::patience, x.clerk, caf::delete_atom_v, int32_t{1})));
    x.ask_in_vain(3);
    CHECK(x.nothing_was_begun());
  }
  SECTION("in a pool") {
    hand_pool x{hands(1, 1)};
    x.hold(1);
    for (int32_t i = 0; i < 5; ++i)
      x.self->request(x.pool, 5ms, caf::put_atom_v, int32_t{1}, i)
        .receive([](int32_t) { FAIL("answered"); }, [](const caf::error&) {});
    CHECK(eventually([&] { return x.status().waiting == 0; }));
    x.gate.open();
    CHECK(x.pid() > 0);
    CHECK(x.book.entries()[1].empty());
  }
}

TEST_CASE("the successor of a dead process does not begin with what nobody waits for any more") {
  late_requests x{supervised()};
  auto pid = test_support::children().front();
  x.ask_in_vain(10);
  REQUIRE(::kill(pid, SIGKILL) == 0);
  CHECK(x.held.comes_to(1));
  CHECK(x.nothing_was_begun());
}

TEST_CASE("a time limit holds for what the handler of the request asks for in turn") {
  late_requests x{worker_options{}};
  auto heavy = x.here.host.spawn("middleman", x.clerk);
  REQUIRE(heavy);
  auto light = x.here.sys.spawn(middleman, x.clerk);
  auto far = x.here.host.spawn("middleman", light);
  REQUIRE(far);
  test_support::gate second;
  for (auto& middle : {*heavy, light}) {
    INFO((middle == light ? "light" : "heavy"));
    CHECK(too_late(x.error_of(500ms, middle, second.path())));
    CHECK(eventually([&] {
      auto errors = ask<std::string>(x.self, middle, caf::get_atom_v);
      return errors && too_late(*errors);
    }));
  }
  x.gate.open();
  // Nobody opens the second gate.
  CHECK(ask<int32_t>(x.self, x.clerk, caf::put_atom_v, int32_t{3}, int32_t{0}));
}

TEST_CASE("a handler can ask whether anybody waits for its answer, and ends otherwise if that is the policy") {
  for (auto then : {overrun::report, overrun::kill}) {
    host_fixture here;
    diary book;
    event_log events{here};
    caf::scoped_actor self{here.sys};
    auto options = supervised();
    options.handler = {.then = then, .grace = 0ms, .deadlines = true};
    if (then == overrun::report)
      options.handler.grace = 1ms;
    auto scribe = here.host.spawn(then == overrun::report ? "polite scribe" : "clerk", options, book.path());
    REQUIRE(scribe);
    auto pid = ask<int32_t>(self, *scribe, caf::get_atom_v);
    REQUIRE(pid);
    std::string error;
    auto failed = [&](const caf::error& why) { error = to_string(why); };
    test_support::gate gate;
    if (then == overrun::report)
      self->request(*scribe, 500ms, caf::tick_atom_v).receive([](int32_t) {}, failed);
    else
      self->request(*scribe, 500ms, caf::tick_atom_v, gate.path()).receive([](int32_t) {}, failed);
    CHECK(too_late(error));
    auto now = ask<int32_t>(self, *scribe, caf::get_atom_v);
    REQUIRE(now);
    if (then == overrun::report) {
      CHECK(*now == *pid);
      CHECK(book.entries()[0] == std::vector<int32_t>{1, 2});
    } else {
      CHECK(*now != *pid);
      REQUIRE(eventually([&] { return events.count(supervision_incident::restarted) == 1; }));
      auto all = events.all();
      CHECK(all.front().what == supervision_incident::overran);
      CHECK(all.back().death.cause == death_cause::overran);
      CHECK_THAT(all.back().death.detail, Catch::Contains("nobody waited for its answer"));
    }
  }
}

TEST_CASE("an answer that comes after its time does nothing, and neither does the end of its process") {
  late_requests x{worker_options{}};
  answer_list late;
  auto asker = x.here.sys.spawn([&, clerk = x.clerk](caf::event_based_actor* self) {
    self->request(clerk, 5ms, caf::get_atom_v).then([](int32_t) {}, [](const caf::error&) {});
    return caf::behavior{[](caf::get_atom) { return int32_t{1}; }};
  });
  x.ask_in_vain(3);
  x.gate.open();
  CHECK(x.nothing_was_begun());
  CHECK(ask<int32_t>(x.self, asker, caf::get_atom_v));
  CHECK(x.here.host.kill(x.clerk));
  CHECK(ask<int32_t>(x.self, asker, caf::get_atom_v));
}
