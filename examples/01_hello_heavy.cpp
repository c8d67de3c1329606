// Shows the one thing that Bulkhead adds to CAF: an actor that is spawned by its name lives in a process of its own, and
// is used like any other.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <iostream>

#include <unistd.h>

using namespace std::chrono_literals;

// An ordinary CAF actor. It may crash, leak or loop for ever: the host will not.
caf::behavior greeter(caf::event_based_actor*) {
  return {
    [](const std::string& name) { return "Hello, " + name + "!"; },
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
  };
}

int caf_main(caf::actor_system& sys) {
  auto greeter = bulkhead::host::of(sys).spawn("greeter"); // an expected: starting a process can fail
  if (!greeter) {
    std::cerr << "cannot spawn the greeter: " << to_string(greeter.error()) << '\n';
    return 1;
  }

  caf::scoped_actor self{sys};
  auto failed = [](const caf::error& reason) { std::cerr << "no answer: " << to_string(reason) << '\n'; };
  self->request(*greeter, 10s, "world").receive([](const std::string& text) { std::cout << text << '\n'; }, failed);
  self->request(*greeter, 10s, caf::get_atom_v)
    .receive(
      [](int32_t pid) {
        std::cout << "the greeter's process is " << (pid == ::getpid() ? "mine\n" : "another one than mine\n");
      },
      failed);
  return 0;
} // the last handle goes, so the greeter ends, and its process with it

// Instead of CAF_MAIN: names the actors that a worker process may be asked for.
BULKHEAD_MAIN(bulkhead::heavy<"greeter", greeter>)
