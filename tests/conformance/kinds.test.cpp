// All kinds of actors that CAF has, and what they do by themselves.

#include "conformance/actors.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace conformance;
using namespace test_support;

namespace {

using std::chrono::milliseconds;

struct sum_state {
  int32_t sum = 0;
  static inline const char* name = "adder";
};

caf::behavior adder(caf::stateful_actor<sum_state>* self, int32_t start, const std::string& label) {
  self->state.sum = start;
  return {
    [=](int32_t x) { return self->state.sum += x; },
    [=](caf::get_atom) { return label + ":" + self->name(); },
  };
}

class multiplier : public caf::event_based_actor {
public:
  multiplier(caf::actor_config& cfg, int32_t factor) : caf::event_based_actor(cfg), factor_(factor) {
    // nop
  }

  caf::behavior make_behavior() override {
    return {
      [this](int32_t x) { return factor_ * x; },
    };
  }

private:
  int32_t factor_;
};

caf::behavior without_self(int32_t constant) {
  return {
    [=](int32_t x) { return x + constant; },
  };
}

// Waits inside a handler for an actor that needs the worker's loop.
caf::behavior blocked_handler(caf::event_based_actor* self) {
  return {
    [=](const caf::actor& whom, int32_t x) {
      caf::scoped_actor inner{self->system()};
      return ask<int32_t>(inner, whom, x).value();
    },
  };
}

void blocking_server(caf::blocking_actor* self) {
  auto running = true;
  self->receive_while(running)([](int32_t x) { return x + 1; }, [&](caf::ok_atom) { running = false; });
}

// Counts to three by delayed messages, by a timer and by receive timeouts, and reports each.
caf::behavior ticker(caf::event_based_actor* self, caf::actor to) {
  auto delayed = std::make_shared<int32_t>(0);
  auto idle = std::make_shared<int32_t>(0);
  self->delayed_send(self, milliseconds{5}, caf::tick_atom_v);
  self->run_delayed(milliseconds{5}, [=] { self->send(to, std::string{"timer"}); });
  return {
    [=](caf::tick_atom) {
      if (++*delayed < 3)
        self->delayed_send(self, milliseconds{5}, caf::tick_atom_v);
      else
        self->send(to, std::string{"messages"});
    },
    caf::after(milliseconds{30}) >>
      [=] {
        if (++*idle == 3)
          self->send(to, std::string{"idle"});
      },
  };
}

caf::behavior parent(caf::event_based_actor* self) {
  return {
    [=](caf::spawn_atom) { return caf::actor{self->spawn(echo)}; },
    [=](caf::spawn_atom, int32_t start) { return caf::actor{self->spawn<caf::detached>(adder, start, std::string{})}; },
    [=](caf::spawn_atom, const caf::actor& to) {
      self->spawn([=](caf::event_based_actor* child) { child->send(to, std::string{"from the child"}); });
    },
    [=](caf::close_atom) { self->quit(); },
  };
}

const known_actor adder_known{bulkhead::heavy<"adder", adder>::add_to};
const known_actor detached_known{bulkhead::heavy<"detached_adder", adder, caf::detached>::add_to};
const known_actor multiplier_known{bulkhead::heavy_class<"multiplier", multiplier, int32_t>::add_to};
const known_actor without_known{bulkhead::heavy<"without_self", without_self>::add_to};
const known_actor blocked_known{bulkhead::heavy<"blocked_handler", blocked_handler, caf::detached>::add_to};
const known_actor blocking_known{bulkhead::heavy<"blocking_server", blocking_server>::add_to};
const known_actor ticker_known{bulkhead::heavy<"ticker", ticker>::add_to};
const known_actor parent_known{bulkhead::heavy<"parent", parent>::add_to};

} // namespace

TEST_CASE("stateful actors keep their state") {
  auto where = GENERATE(place::in_host, place::in_worker);
  auto name = GENERATE(as<std::string>{}, "adder", "detached_adder");
  CAPTURE(where, name);
  stage s{where};
  auto who = s.spawn(name, int32_t{10}, std::string{"label"});
  CHECK(ask<int32_t>(s.self, who, int32_t{1}) == 11);
  CHECK(ask<int32_t>(s.self, who, int32_t{2}) == 13);
  CHECK(ask<std::string>(s.self, who, caf::get_atom_v) == std::string{"label:adder"});
}

TEST_CASE("actors of classes and of functions without self work") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  CHECK(ask<int32_t>(s.self, s.spawn("multiplier", int32_t{6}), int32_t{7}) == 42);
  CHECK(ask<int32_t>(s.self, s.spawn("without_self", int32_t{6}), int32_t{7}) == 13);
}

TEST_CASE("a detached actor may block without holding up its neighbors") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto who = s.spawn_together("blocked_handler");
  CHECK(ask<int32_t>(s.self, who, s.spawn_together("echo"), int32_t{1}) == 1);
  CHECK(ask<int32_t>(s.self, who, s.spawn("echo"), int32_t{2}) == 2);
  CHECK(ask<int32_t>(s.self, who, s.sys.spawn(echo), int32_t{3}) == 3);
}

TEST_CASE("a blocking actor serves and ends") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto who = s.spawn("blocking_server");
  s.self->monitor(who);
  CHECK(ask<int32_t>(s.self, who, int32_t{1}) == 2);
  s.self->send(who, caf::ok_atom_v);
  auto reason = end_of(s.self, who);
  REQUIRE(reason);
  CHECK(!*reason);
}

TEST_CASE("timers, delayed messages and receive timeouts fire") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto who = s.spawn("ticker", caf::actor_cast<caf::actor>(s.self));
  std::vector<std::string> seen;
  for (int i = 0; i < 3; ++i)
    seen.push_back(next<std::string>(s.self).value_or("nothing"));
  std::sort(seen.begin(), seen.end());
  CHECK(seen == std::vector<std::string>{"idle", "messages", "timer"});
  s.self->send_exit(who, caf::exit_reason::user_shutdown);
}

TEST_CASE("actors spawn others, which talk to the host directly and outlive them") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  {
    auto who = s.spawn("parent");
    s.self->send(who, caf::spawn_atom_v, caf::actor_cast<caf::actor>(s.self));
    CHECK(next<std::string>(s.self) == std::string{"from the child"});
    auto child = ask<caf::actor>(s.self, who, caf::spawn_atom_v).value();
    auto detached_child = ask<caf::actor>(s.self, who, caf::spawn_atom_v, int32_t{4}).value();
    CHECK(ask<std::string>(s.self, child, std::string{"x"}) == std::string{"x"});
    s.self->monitor(who);
    s.self->send(who, caf::close_atom_v);
    REQUIRE(end_of(s.self, who));
    CHECK(ask<std::string>(s.self, child, std::string{"y"}) == std::string{"y"});
    CHECK(ask<int32_t>(s.self, detached_child, int32_t{1}) == 5);
    s.self->monitor(child);
    s.self->send_exit(child, caf::exit_reason::user_shutdown);
    CHECK(end_of(s.self, child) == caf::make_error(caf::exit_reason::user_shutdown));
    CHECK(ask<int32_t>(s.self, detached_child, int32_t{1}) == 6);
  }
  CHECK(eventually([&] { return s.host.live_workers() == 0; }));
}
