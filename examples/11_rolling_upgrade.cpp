// Shows a service whose program is replaced while it answers: first by a version that crashes, which takes its place for a moment only,
// then by a good one. No request is lost, and nobody has to be told a new handle. The versions of a real service are executables of their
// own; here they are this program with another environment.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

caf::behavior greeter(caf::event_based_actor*) {
  auto version = std::getenv("GREETER");
  std::string greeting = version != nullptr ? version : "Hello";
  return {
    [greeting](const std::string& name) {
      if (greeting.empty())
        std::abort();
      return greeting + ", " + name + "!";
    },
  };
}

void print(const std::string& text) {
  std::cout << text << std::endl;
}

int caf_main(caf::actor_system& sys) {
  auto host = bulkhead::host::of(sys);
  bulkhead::pool_options options;
  options.workers_min = options.workers_max = 2;
  options.how = bulkhead::dispatch::round_robin;
  options.worker.standard_error = bulkhead::output::discard;
  auto greeters = host.pool("greeter", options);
  if (!greeters) {
    print(to_string(greeters.error()));
    return 1;
  }
  caf::scoped_actor self{sys};
  auto greet = [&](const std::string& name) {
    auto failed = [](const caf::error& why) {
      auto death = bulkhead::death_of(why);
      print("no answer: " + (death ? describe(*death) : to_string(why)));
    };
    self->request(*greeters, 10s, name).receive(print, failed);
  };
  auto upgrade_to = [&](const std::string& greeting) {
    bulkhead::upgrade_options next;
    next.environment = {"GREETER=" + greeting};
    next.probation = 200ms;
    auto done = host.upgrade(*greeters, next);
    while (!done.ready()) // as any client would, meanwhile
      self->request(*greeters, 10s, "client").receive([](const std::string&) {}, [](const caf::error&) {});
    auto result = done.get();
    print(result ? "upgraded" : "still the former one: " + describe(*bulkhead::death_of(result.error())));
  };
  greet("world");
  upgrade_to("");
  greet("world");
  upgrade_to("Good morning");
  greet("world");
  greet("moon");
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"greeter", greeter>)
