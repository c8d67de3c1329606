// Shows a state that outlives its process: a counter leaves a snapshot in each handler, so a process that is killed is followed by
// one that goes on counting; and when a process is replaced although it is well, it is asked for its state.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <csignal>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

// Any type that CAF can inspect, without a type id.
struct tally {
  int32_t count = 0;
  int32_t processes = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, tally& x) {
    return f.object(x).fields(f.field("count", x.count), f.field("processes", x.processes));
  }
};

caf::behavior counter(caf::event_based_actor* self) {
  auto state = std::make_shared<tally>();
  if (auto left = bulkhead::last_snapshot<tally>(self); !left)
    std::cout << "starts anew: " << to_string(left.error()) << std::endl;
  else if (*left)
    *state = **left;
  ++state->processes;
  if (auto failed = bulkhead::on_handover(self, [state] { return *state; }))
    throw std::runtime_error(to_string(failed));
  return {
    [=](caf::add_atom, int32_t x) {
      state->count += x;
      // Before the answer: whoever has that can rely on it.
      if (auto failed = bulkhead::snapshot(self, *state))
        std::cout << to_string(failed) << std::endl;
      return state->count;
    },
    // Not worth a snapshot: a crash may forget it, a planned replacement does not.
    [=](caf::put_atom, int32_t x) { state->count += x; },
    [=](caf::get_atom) {
      return "count " + std::to_string(state->count) + ", process number " + std::to_string(state->processes);
    },
    [](caf::delete_atom) { ::raise(SIGKILL); },
  };
}

int caf_main(caf::actor_system& sys) {
  auto host = bulkhead::host::of(sys);
  bulkhead::worker_options options;
  options.standard_output = bulkhead::output::inherit;
  options.restart.when = bulkhead::restart_when::on_crash;
  auto counter = host.spawn("counter", options);
  if (!counter) {
    std::cerr << to_string(counter.error()) << std::endl;
    return 1;
  }
  caf::scoped_actor self{sys};
  host.subscribe(self);
  auto print = [](const std::string& text) { std::cout << text << std::endl; };
  auto failed = [](const caf::error& why) { std::cout << "error: " << to_string(why) << std::endl; };
  auto happened = [](const bulkhead::supervision_event& event) { std::cout << to_string(event.what) << std::endl; };

  for (auto i = 0; i < 5; ++i)
    self->request(*counter, 10s, caf::add_atom_v, int32_t{1}).receive([](int32_t) {}, failed);
  self->send(*counter, caf::delete_atom_v);
  self->receive(happened); // the message that killed it is lost
  self->receive(happened);
  self->request(*counter, 10s, caf::get_atom_v).receive(print, failed);

  self->send(*counter, caf::put_atom_v, int32_t{10});
  host.recycle(*counter);
  self->receive(happened);
  self->request(*counter, 10s, caf::get_atom_v).receive(print, failed);
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"counter", counter>)
