// The requester of most measurements.
#include "pinger.hpp"

#include "systems.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <chrono>

namespace bench {

namespace {

struct pinger_state {
  caf::event_based_actor* self;
  caf::actor peer;
  int64_t count = 0;
  int64_t left = 0;
  samples times;
  caf::actor boss;
  std::chrono::steady_clock::time_point begin;

  explicit pinger_state(caf::event_based_actor* ptr) : self(ptr) {
    // nop
  }

  void next() {
    if (left == 0) {
      self->send(boss, caf::ok_atom_v);
      return;
    }
    if (times)
      begin = std::chrono::steady_clock::now();
    self->request(peer, caf::infinite, left--)
      .then(
        [this](int64_t) {
          if (times)
            times->push_back(
              std::chrono::duration<double, std::nano>{std::chrono::steady_clock::now() - begin}.count());
          next();
        },
        [](const caf::error& reason) { fail(to_string(reason)); });
  }
};

caf::behavior pinger(caf::stateful_actor<pinger_state>* self, caf::actor peer, int64_t count, samples times,
                     caf::actor boss) {
  self->state.peer = std::move(peer);
  self->state.count = count;
  self->state.times = std::move(times);
  self->state.boss = std::move(boss);
  return {
    [self](caf::tick_atom) {
      self->state.left = self->state.count;
      self->state.next();
    },
  };
}

} // namespace

caf::actor spawn_pinger(caf::actor_system& system, caf::actor peer, int64_t count, samples times, caf::actor boss) {
  return system.spawn(pinger, std::move(peer), count, std::move(times), std::move(boss));
}

std::vector<double> round_trips(caf::actor_system& system, const caf::actor& peer, int64_t count) {
  auto times = std::make_shared<std::vector<double>>();
  times->reserve(static_cast<size_t>(count));
  caf::scoped_actor self{system};
  auto pinger = spawn_pinger(system, peer, count, times, caf::actor_cast<caf::actor>(self));
  self->send(pinger, caf::tick_atom_v);
  self->receive([](caf::ok_atom) {});
  // Other processes know it, which keeps it alive.
  self->send_exit(pinger, caf::exit_reason::user_shutdown);
  return std::move(*times);
}

} // namespace bench
