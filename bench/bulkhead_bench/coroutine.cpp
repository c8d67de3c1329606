// How much memory does a coroutine take that waits for a response, beside a handler that waits for it with `then`, and an actor that
// waits? And how long does a request take that is awaited, one after the other, beside the same with nested `then`?
#include "measurements.hpp"
#include "os.hpp"
#include "systems.hpp"

#include <bulkhead/coroutine.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace bench {

namespace {

using clock = std::chrono::steady_clock;
using bulkhead::awaitable;

constexpr int64_t waiting_max = 10'000; // CAF looks through an actor's open requests one by one
constexpr int64_t requests = 100'000;

caf::behavior silent(caf::event_based_actor* self) {
  auto kept = std::make_shared<std::vector<caf::response_promise>>();
  return {
    [=](int64_t) {
      kept->push_back(self->make_response_promise());
      return kept->back();
    },
    [=](caf::get_atom) { return static_cast<int64_t>(kept->size()); },
  };
}

awaitable<> wait_once(caf::event_based_actor* self, caf::actor peer, int64_t x) {
  co_await bulkhead::request<int64_t>(self, peer, caf::infinite, x);
}

void wait_in_coroutine(caf::event_based_actor* self, const caf::actor& peer, int64_t x) {
  bulkhead::co_spawn(self, wait_once(self, peer, x));
}

void wait_in_handler(caf::event_based_actor* self, const caf::actor& peer, int64_t x) {
  self->request(peer, caf::infinite, x).then([](int64_t) {});
}

caf::behavior waiter(caf::event_based_actor* self, const caf::actor& peer, int64_t x) {
  wait_in_handler(self, peer, x);
  return {[](caf::get_atom) {}};
}

/// Octets for each of the many that `begin` makes wait in an actor. What the other side keeps is the same for all.
run octets_each(caf::actor_system& system,
                const std::function<void(caf::event_based_actor*, const caf::actor&)>& begin) {
  caf::scoped_actor self{system};
  auto peer = system.spawn(silent);
  auto before = os::heap_octets();
  auto actor = system.spawn([&](caf::event_based_actor* me) -> caf::behavior {
    begin(me, peer);
    return {[](caf::get_atom) {}};
  });
  auto begun = [&] {
    int64_t result = 0;
    self->request(peer, caf::infinite, caf::get_atom_v)
      .receive([&](int64_t x) { result = x; }, [](const caf::error& reason) { fail(to_string(reason)); });
    return result;
  };
  while (begun() < waiting_max)
    ;
  auto after = os::heap_octets();
  self->send_exit(actor, caf::exit_reason::kill);
  self->send_exit(peer, caf::exit_reason::kill);
  self->wait_for(actor, peer);
  return {static_cast<double>(after - before) / static_cast<double>(waiting_max)};
}

using wait_function = void (*)(caf::event_based_actor*, const caf::actor&, int64_t);

run octets_each_of(caf::actor_system& system, wait_function wait) {
  return octets_each(system, [wait](caf::event_based_actor* self, const caf::actor& peer) {
    for (int64_t i = 0; i < waiting_max; ++i)
      wait(self, peer, i);
  });
}

run octets_of_actors(caf::actor_system& system) {
  auto all = std::make_shared<std::vector<caf::actor>>();
  auto result = octets_each(system, [all](caf::event_based_actor* self, const caf::actor& peer) {
    for (int64_t i = 0; i < waiting_max; ++i)
      all->push_back(self->spawn(waiter, peer, i));
  });
  for (auto& x : *all)
    caf::anon_send_exit(x, caf::exit_reason::kill);
  return result;
}

awaitable<> ask_in_turn(caf::event_based_actor* self, caf::actor peer) {
  for (int64_t i = 0; i < requests; ++i)
    co_await bulkhead::request<int64_t>(self, peer, caf::infinite, i);
}

void ask_next(caf::event_based_actor* self, const caf::actor& peer, int64_t left) {
  if (left > 0)
    self->request(peer, caf::infinite, left).then([=](int64_t) { ask_next(self, peer, left - 1); });
}

run round_trip(caf::actor_system& system, const caf::actor& peer,
               const std::function<void(caf::event_based_actor*, const caf::actor&)>& begin) {
  caf::scoped_actor self{system};
  auto start = clock::now();
  self->wait_for(system.spawn([&](caf::event_based_actor* me) { begin(me, peer); }));
  return {std::chrono::duration<double, std::nano>{clock::now() - start}.count() / static_cast<double>(requests)};
}

} // namespace

void coroutine_memory(report& to) {
  heavy_system ours;
  to.compare({
    {"coroutine_memory", "B", [&] { return octets_each_of(ours.get(), wait_in_coroutine); }},
    {"caf_then_memory", "B", [&] { return octets_each_of(ours.get(), wait_in_handler); }},
    {"caf_actor_memory", "B", [&] { return octets_of_actors(ours.get()); }},
  });
}

void coroutine_rtt(report& to) {
  heavy_system ours;
  auto local = ours.get().spawn(echo);
  auto await = [](caf::event_based_actor* self, const caf::actor& peer) {
    bulkhead::co_spawn(self, ask_in_turn(self, peer));
  };
  auto nest = [](caf::event_based_actor* self, const caf::actor& peer) { ask_next(self, peer, requests); };
  to.compare({
    {"coroutine_rtt", "ns", [&] { return round_trip(ours.get(), local, await); }},
    {"caf_then_rtt", "ns", [&] { return round_trip(ours.get(), local, nest); }},
  });
  caf::anon_send_exit(local, caf::exit_reason::user_shutdown);
}

} // namespace bench
