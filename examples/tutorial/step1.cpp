#include "unpack.hpp"

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <iostream>

using namespace std::chrono_literals;

// An actor: it handles messages, one at a time. What a handler returns is the answer.
caf::behavior decoder(caf::event_based_actor*) {
  return {
    [](const std::string& packed) { return unpack(packed); },
  };
}

int caf_main(caf::actor_system& sys) {
  auto decoder = bulkhead::host::of(sys).spawn("decoder"); // in a process of its own
  if (!decoder) {
    std::cerr << "no decoder: " << to_string(decoder.error()) << '\n';
    return 1;
  }
  caf::scoped_actor self{sys}; // lets this function send messages and receive answers
  self->request(*decoder, 10s, "ab<2,6>")
    .receive([](const std::string& text) { std::cout << text << '\n'; },
             [](const caf::error& why) { std::cout << "error: " << to_string(why) << '\n'; });
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"decoder", decoder>)
