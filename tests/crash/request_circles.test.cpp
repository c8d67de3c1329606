// Actors that await each other's responses: without help none of them would ever go on.
#include <catch2/catch.hpp>

#include "crash/pressure.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>

#include <unistd.h>

using namespace crash;
using bulkhead::backlog_incident;
using bulkhead::errc;
using test_support::eventually;
using test_support::host_fixture;

namespace {

// The heavy or light actor "caller":
//   (ping_atom, way)              awaits the answer of the first actor of the way to (ping_atom, the rest of it), and answers with one
//                                 more than that; 0 at the end of the way; 1000 if the request failed with `deadlock`
//   (forward_atom, milliseconds)  has somebody else answer, after some time
//   get_atom                      why requests failed, a line each
struct caller_state {
  std::string failures;
};

void call(caf::stateful_actor<caller_state>* self, std::vector<caf::actor> way,
          caf::typed_response_promise<int32_t> promise) {
  auto next = way.front();
  way.erase(way.begin());
  self->request(next, caf::infinite, caf::ping_atom_v, std::move(way))
    .await([promise](int32_t depth) mutable { promise.deliver(depth + 1); },
           [self, promise](const caf::error& reason) mutable {
             self->state.failures += to_string(reason) + '\n';
             promise.deliver(reason == errc::deadlock ? int32_t{1000} : int32_t{-1000});
           });
}

caf::behavior caller(caf::stateful_actor<caller_state>* self) {
  return {
    [=](caf::ping_atom, std::vector<caf::actor> way) -> caf::result<int32_t> {
      if (way.empty())
        return int32_t{0};
      auto promise = self->make_response_promise<int32_t>();
      call(self, std::move(way), promise);
      return promise;
    },
    [=](caf::forward_atom, int32_t milliseconds) {
      auto helper = self->spawn([](caf::event_based_actor* me) -> caf::behavior {
        return {[=](caf::forward_atom, int32_t ms) {
          auto promise = me->make_response_promise<int32_t>();
          me->run_delayed(std::chrono::milliseconds{ms}, [promise]() mutable { promise.deliver(int32_t{7}); });
          return promise;
        }};
      });
      return self->delegate(helper, caf::forward_atom_v, milliseconds);
    },
    [](caf::get_atom, caf::ok_atom) { return static_cast<int32_t>(::getpid()); },
    [=](caf::get_atom) { return self->state.failures; },
  };
}

const test_support::known_actor caller_known{bulkhead::heavy<"caller", caller>::add_to};

caf::actor spawn_caller(host_fixture& f) {
  auto result = f.host.spawn("caller");
  REQUIRE(result);
  return *result;
}

// Why requests failed, a line each.
std::string failures_of(host_fixture& f, const std::vector<caf::actor>& all) {
  std::string result;
  for (auto& x : all) {
    auto some = request<std::string>(f.sys, x, caf::make_message(caf::get_atom_v));
    REQUIRE(some);
    result += *some;
  }
  return result;
}

auto lines(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

} // namespace

TEST_CASE("a light and a heavy actor that await each other are found out, and one request fails with the path") {
  host_fixture f;
  backlog_events events{f};
  auto light = f.sys.spawn(caller);
  auto heavy = spawn_caller(f);
  // light -> heavy -> light
  auto depth = request<int32_t>(f.sys, light, caf::make_message(caf::ping_atom_v, std::vector{heavy, light}));
  REQUIRE(depth);
  CHECK(*depth == 1001);
  auto failures = failures_of(f, {light, heavy});
  CHECK(lines(failures) == 1);
  CHECK(failures.find("(request ") != std::string::npos);
  CHECK(failures.find("actor " + std::to_string(light.id()) + " in host") != std::string::npos);
  REQUIRE(eventually([&] { return !events.of(backlog_incident::deadlock).empty(); }));
  CHECK(events.of(backlog_incident::deadlock).front().detail.find(" -> ") != std::string::npos);
  // Both serve as before.
  CHECK(request<int32_t>(f.sys, light, caf::make_message(caf::ping_atom_v, std::vector{heavy})) == int32_t{1});
  caf::anon_send_exit(light, caf::exit_reason::user_shutdown);
}

TEST_CASE("a ring of three workers that await each other is found out, and one request fails") {
  host_fixture f;
  backlog_events events{f};
  std::vector<caf::actor> ring{spawn_caller(f), spawn_caller(f), spawn_caller(f)};
  auto depth =
    request<int32_t>(f.sys, ring[0], caf::make_message(caf::ping_atom_v, std::vector{ring[1], ring[2], ring[0]}));
  REQUIRE(depth);
  CHECK(*depth == 1002);
  CHECK(lines(failures_of(f, ring)) == 1);
  CHECK(eventually([&] { return !events.of(backlog_incident::deadlock).empty(); }));
}

TEST_CASE("two workers that ask each other at the same time, and await the answers, are found out") {
  host_fixture f;
  auto one = spawn_caller(f);
  auto two = spawn_caller(f);
  std::vector<int32_t> pids;
  for (auto& x : {one, two}) {
    auto pid = request<int32_t>(f.sys, x, caf::make_message(caf::get_atom_v, caf::ok_atom_v));
    REQUIRE(pid);
    pids.push_back(*pid);
    REQUIRE(freeze(*pid));
  }
  caf::scoped_actor self{f.sys};
  std::vector<int32_t> depths;
  auto first = self->request(one, caf::infinite, caf::ping_atom_v, std::vector{two});
  auto second = self->request(two, caf::infinite, caf::ping_atom_v, std::vector{one});
  for (auto pid : pids)
    REQUIRE(::kill(pid, SIGCONT) == 0);
  auto keep = [&](int32_t depth) { depths.push_back(depth); };
  auto fail = [](const caf::error& reason) { FAIL(to_string(reason)); };
  first.receive(keep, fail);
  second.receive(keep, fail);
  // They may have missed each other; if not, one of them failed and the other one went on.
  CHECK(lines(failures_of(f, {one, two})) == std::count(depths.begin(), depths.end(), 1000));
  CHECK(std::count(depths.begin(), depths.end(), 1) + std::count(depths.begin(), depths.end(), 1000) == 2);
}

TEST_CASE("a circle through a supervised actor, also after its process was replaced, is found out") {
  host_fixture f;
  backlog_events events{f};
  auto light = f.sys.spawn(caller);
  bulkhead::worker_options options;
  options.restart = {.when = bulkhead::restart_when::on_crash};
  auto supervised = f.host.spawn("caller", options);
  REQUIRE(supervised);
  auto other = spawn_caller(f);
  for (int32_t round = 1; round <= 2; ++round) {
    auto depth =
      request<int32_t>(f.sys, light, caf::make_message(caf::ping_atom_v, std::vector{*supervised, other, light}));
    REQUIRE(depth);
    CHECK(*depth == 1002);
    CHECK(lines(failures_of(f, {light, *supervised, other})) == round);
    auto pid = request<int32_t>(f.sys, *supervised, caf::make_message(caf::get_atom_v, caf::ok_atom_v));
    REQUIRE(pid);
    ::kill(*pid, SIGKILL);
  }
  CHECK(eventually([&] { return events.of(backlog_incident::deadlock).size() == 2; }));
  caf::anon_send_exit(light, caf::exit_reason::user_shutdown);
}

// Would catch an alarm about a request that is answered by somebody else than its receiver.
TEST_CASE("an actor that has handed a request on may await the one who made it") {
  host_fixture f;
  backlog_events events{f};
  auto heavy = spawn_caller(f);
  auto answer = std::make_shared<std::atomic<int32_t>>(0);
  auto asked = std::make_shared<std::atomic<bool>>(false);
  auto light = f.sys.spawn([=](caf::stateful_actor<caller_state>* self) -> caf::behavior {
    self->request(heavy, caf::infinite, caf::forward_atom_v, int32_t{1500}).await([=](int32_t x) { *answer = x; });
    *asked = true;
    return caller(self);
  });
  REQUIRE(eventually([&] { return asked->load(); }));
  // This comes after it: then it has been handed on.
  REQUIRE(request<std::string>(f.sys, heavy, caf::make_message(caf::get_atom_v)));
  // heavy -> light, which awaits heavy, while heavy's helper works.
  auto depth = request<int32_t>(f.sys, heavy, caf::make_message(caf::ping_atom_v, std::vector{light}));
  REQUIRE(depth);
  CHECK(*depth == 1);
  CHECK(*answer == 7);
  CHECK(events.all().empty());
  caf::anon_send_exit(light, caf::exit_reason::user_shutdown);
}

TEST_CASE("a circle of requests that one of them does not await raises no alarm, however long they take") {
  host_fixture f;
  backlog_events events{f};
  auto heavy = spawn_caller(f);
  auto answer = std::make_shared<std::atomic<int32_t>>(0);
  auto light = f.sys.spawn([=](caf::event_based_actor* self) -> caf::behavior {
    self->request(heavy, caf::infinite, caf::ping_atom_v, std::vector{caf::actor{self}}).then([=](int32_t x) {
      *answer = x;
    });
    return {[=](caf::ping_atom, const std::vector<caf::actor>&) {
      auto promise = self->make_response_promise<int32_t>();
      self->run_delayed(std::chrono::milliseconds{1200}, [promise]() mutable { promise.deliver(int32_t{1}); });
      return promise;
    }};
  });
  CHECK(eventually([&] { return *answer == 2; }));
  CHECK(events.all().empty());
  caf::anon_send_exit(light, caf::exit_reason::user_shutdown);
}
