#include "unpack.hpp"

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <iostream>
#include <vector>

using namespace std::chrono_literals;

caf::behavior decoder(caf::event_based_actor*) {
  return {
    [](const std::string& packed) { return unpack(packed); },
  };
}

std::string explain(const caf::error& why) {
  auto death = bulkhead::death_of(why);
  if (!death)
    return to_string(why);
  return describe(*death) + (death->in_doubt ? ", in doubt" : "");
}

// Sends all inputs at once, prints each answer when it comes, and ends after the last one.
void client(caf::event_based_actor* self, const caf::actor& decoder, const std::vector<std::string>& inputs) {
  for (auto& packed : inputs)
    self->request(decoder, 10s, packed)
      .then([packed](const std::string& text) { std::cout << packed << ": " << text << std::endl; },
            [packed](const caf::error& why) { std::cout << packed << ": error: " << explain(why) << std::endl; });
}

int caf_main(caf::actor_system& sys) {
  auto host = bulkhead::host::of(sys);
  auto decoder = host.spawn("decoder", {.restart = {.when = bulkhead::restart_when::on_crash}});
  if (!decoder) {
    std::cerr << "no decoder: " << explain(decoder.error()) << '\n';
    return 1;
  }
  caf::scoped_actor self{sys};
  host.subscribe(self); // for the event below
  self->spawn(client, *decoder, std::vector<std::string>{"ab<2,6>", "ab<9000000000000,6>", "xyz<3,6>"});
  self->await_all_other_actors_done();
  self->receive([](const bulkhead::supervision_event& event) { std::cout << describe(event) << std::endl; });
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"decoder", decoder>)
