// The requester of large payloads.
#include "blob_sender.hpp"

#include "systems.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <chrono>
#include <memory>

namespace bench {

namespace {

constexpr int64_t uncounted = 4;

struct sender_state {
  caf::event_based_actor* self;
  caf::actor peer;
  int64_t left = 0;
  std::function<caf::message()> make;
  std::shared_ptr<std::vector<double>> times;
  caf::actor boss;
  std::chrono::steady_clock::time_point begin;

  explicit sender_state(caf::event_based_actor* ptr) : self(ptr) {
    // nop
  }

  void next() {
    if (left-- == 0) {
      self->send(boss, caf::ok_atom_v);
      return;
    }
    begin = std::chrono::steady_clock::now();
    self->request(peer, caf::infinite, make())
      .then(
        [this](int64_t) {
          times->push_back(std::chrono::duration<double, std::nano>{std::chrono::steady_clock::now() - begin}.count());
          next();
        },
        [](const caf::error& reason) { fail(to_string(reason)); });
  }
};

} // namespace

std::vector<double> blob_round_trips(caf::actor_system& system, const caf::actor& peer, int64_t count,
                                     std::function<caf::message()> make) {
  auto times = std::make_shared<std::vector<double>>();
  times->reserve(static_cast<size_t>(count + uncounted));
  caf::scoped_actor self{system};
  auto sender = system.spawn([&](caf::stateful_actor<sender_state>* actor) -> caf::behavior {
    actor->state.peer = peer;
    actor->state.left = count + uncounted;
    actor->state.make = std::move(make);
    actor->state.times = times;
    actor->state.boss = caf::actor_cast<caf::actor>(self);
    return {[actor](caf::tick_atom) { actor->state.next(); }};
  });
  self->send(sender, caf::tick_atom_v);
  self->receive([](caf::ok_atom) {});
  // Other processes know it, which keeps it alive.
  self->send_exit(sender, caf::exit_reason::user_shutdown);
  times->erase(times->begin(), times->begin() + uncounted);
  return std::move(*times);
}

} // namespace bench
