// Shows what happens when a heavy actor is slower than who sends to it. By default the sender is suspended until there is room, so
// memory stays within a bound that the options set, and nothing is lost. With other options old data gives way to new, or what
// is too much fails at once.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <chrono>
#include <iostream>
#include <thread>

using namespace std::chrono_literals;

struct recorder_state {
  int32_t count = 0;
  int32_t last = 0;
};

// Takes its time for each sample.
caf::behavior recorder(caf::stateful_actor<recorder_state>* self) {
  return {
    [=](caf::put_atom, int32_t sample) {
      std::this_thread::sleep_for(1ms);
      ++self->state.count;
      self->state.last = sample;
    },
    [=](caf::get_atom, bool last) { return last ? self->state.last : self->state.count; },
  };
}

// Sends one sample in each of its handlers, as fast as it may, and tells `done` when it has sent all.
caf::behavior sensor(caf::event_based_actor* self, const caf::actor& to, int32_t count, const caf::actor& done) {
  self->send(self, caf::tick_atom_v, int32_t{0});
  return {[=](caf::tick_atom, int32_t sample) {
    if (sample == count) {
      self->send(done, caf::ok_atom_v);
      self->quit();
      return;
    }
    self->send(to, caf::put_atom_v, sample);
    self->send(self, caf::tick_atom_v, sample + 1);
  }};
}

int run(caf::actor_system& sys, const char* name, bulkhead::overflow when_full) {
  constexpr int32_t count = 500;
  auto host = bulkhead::host::of(sys);
  auto dropped_before = host.dropped_messages();
  auto hdl =
    host.spawn("recorder", {.actor_backlog = {.bytes_max = 1 << 20, .messages_max = 50}, .when_full = when_full});
  if (!hdl) {
    std::cerr << "cannot spawn the recorder: " << to_string(hdl.error()) << '\n';
    return 1;
  }
  caf::scoped_actor self{sys};
  auto source = sys.spawn(sensor, *hdl, count, caf::actor{self});
  self->receive([&](caf::ok_atom) {
    // The sensor is not much ahead of the recorder if it was suspended, and has left it behind otherwise.
    std::cout << name << ": " << count << " samples sent, " << std::flush;
  });
  int32_t recorded = 0;
  auto dropped = [&] { return static_cast<int32_t>(host.dropped_messages() - dropped_before); };
  while (recorded + dropped() < count)
    self->request(*hdl, 10s, caf::get_atom_v, false)
      .receive([&](int32_t x) { recorded = x; }, [](const caf::error&) { std::this_thread::sleep_for(10ms); });
  self->request(*hdl, 10s, caf::get_atom_v, true)
    .receive(
      [&](int32_t last) {
        std::cout << recorded << " recorded, " << dropped() << " dropped, the last is " << last << '\n';
      },
      [](const caf::error& reason) { std::cout << to_string(reason) << '\n'; });
  return 0;
}

int caf_main(caf::actor_system& sys) {
  return run(sys, "wait", bulkhead::overflow::wait) + run(sys, "drop the oldest", bulkhead::overflow::drop_oldest)
         + run(sys, "fail", bulkhead::overflow::fail);
}

BULKHEAD_MAIN(bulkhead::heavy<"recorder", recorder>)
