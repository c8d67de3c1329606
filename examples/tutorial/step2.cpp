#include "unpack.hpp"

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <iostream>

using namespace std::chrono_literals;

caf::behavior decoder(caf::event_based_actor*) {
  return {
    [](const std::string& packed) { return unpack(packed); },
  };
}

std::string explain(const caf::error& why) {
  auto death = bulkhead::death_of(why); // empty if no process died
  if (!death)
    return to_string(why);
  return describe(*death) + (death->in_doubt ? ", in doubt" : "");
}

void ask(caf::scoped_actor& self, const caf::actor& decoder, const std::string& packed) {
  self->request(decoder, 10s, packed)
    .receive([&](const std::string& text) { std::cout << packed << ": " << text << std::endl; },
             [&](const caf::error& why) { std::cout << packed << ": error: " << explain(why) << std::endl; });
}

int caf_main(caf::actor_system& sys) {
  auto decoder = bulkhead::host::of(sys).spawn("decoder");
  if (!decoder) {
    std::cerr << "no decoder: " << explain(decoder.error()) << '\n';
    return 1;
  }
  caf::scoped_actor self{sys};
  for (auto packed : {"ab<2,6>", "ab<9000000000000,6>", "xyz<3,6>"})
    ask(self, *decoder, packed);
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"decoder", decoder>)
