// Shows a service as a tree of supervisors: a cache in this process, a decoder in a process of its own, and front ends that need both.
// When the decoder dies, the front ends start again behind its successor; when it dies too often, all of them end, the last one first,
// and the reason tells the story.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <csignal>
#include <iostream>
#include <memory>

using namespace std::chrono_literals;

caf::behavior cache(caf::event_based_actor*) {
  return {[](caf::get_atom) { return int32_t{6}; }};
}

caf::behavior decoder(caf::event_based_actor*) {
  return {
    [](int32_t x) { return 7 * x; },
    [](caf::delete_atom) { ::raise(SIGKILL); },
  };
}

// Looks the decoder up once: when that is replaced, so is this one.
caf::behavior front_end(caf::event_based_actor* self, const caf::actor_addr& top) {
  auto decoder = std::make_shared<caf::actor>();
  self->request(caf::actor_cast<caf::actor>(top), 10s, caf::get_atom_v, "decoder")
    .await([decoder](const caf::actor& found) { *decoder = found; });
  return {[self, decoder](int32_t x) { return self->delegate(*decoder, x); }};
}

caf::expected<caf::actor> front_ends(caf::event_based_actor* top) {
  auto start = [top = top->address()](caf::event_based_actor* self) { return self->spawn(front_end, top); };
  return bulkhead::supervise(top->system(), {}, {bulkhead::child("web", start), bulkhead::child("admin", start)});
}

void print(const bulkhead::child_status& child) {
  std::cout << child.name << ": " << to_string(child.state) << std::endl;
}

caf::actor look_up(caf::scoped_actor& self, const caf::actor& supervisor, const std::string& name) {
  caf::actor result;
  self->request(supervisor, 10s, caf::get_atom_v, name)
    .receive([&](const caf::actor& found) { result = found; },
             [&](const caf::error& why) { std::cout << name << ": " << to_string(why) << std::endl; });
  return result;
}

int caf_main(caf::actor_system& sys) {
  auto top =
    bulkhead::supervise(sys, {.strategy = bulkhead::strategy::rest_for_one, .restarts_max = 1},
                        {
                          bulkhead::child("cache", [](caf::event_based_actor* self) { return self->spawn(cache); }),
                          bulkhead::heavy_child("decoder", "decoder", bulkhead::worker_options{}),
                          bulkhead::child("front ends", front_ends).stops_within(0ms), // for as long as they need
                        });
  if (!top) {
    std::cout << to_string(top.error()) << std::endl;
    return 1;
  }
  caf::scoped_actor self{sys};
  self->monitor(*top);
  look_up(self, *top, "front ends"); // waits until it is up
  self->send(*top, caf::subscribe_atom_v, caf::actor{self});
  for (int i = 0; i < 3; ++i)
    self->receive(print);

  auto ask = [&] {
    auto web = look_up(self, look_up(self, *top, "front ends"), "web");
    self->request(web, 10s, int32_t{6})
      .receive([](int32_t x) { std::cout << "web: " << x << std::endl; },
               [](const caf::error& why) { std::cout << "web: " << to_string(why) << std::endl; });
  };
  ask();
  for (int death = 0; death < 2; ++death) {
    std::cout << "the decoder is killed" << std::endl;
    self->send(look_up(self, *top, "decoder"), caf::delete_atom_v);
    for (int i = 0; i < 5; ++i)
      self->receive(print);
    if (death == 0)
      ask();
  }
  self->receive([](const caf::down_msg& end) { std::cout << to_string(end.reason) << std::endl; });
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"decoder", decoder>)
