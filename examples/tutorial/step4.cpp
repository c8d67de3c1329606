#include "unpack.hpp"

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <iostream>
#include <vector>

using namespace std::chrono_literals;
using namespace bulkhead::literals;

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
  bulkhead::worker_options options;
  options.restart = {.when = bulkhead::restart_when::on_crash};
  options.memory_bytes_max = 32_MiB;
  options.handler = {.time_max = 2s};
  auto decoder = bulkhead::host::of(sys).spawn("decoder", options);
  if (!decoder) {
    std::cerr << "no decoder: " << explain(decoder.error()) << '\n';
    return 1;
  }
  caf::scoped_actor self{sys};
  self->spawn(client, *decoder, std::vector<std::string>{"ab<2,9000000000000>", "ab<2,6", "xyz<3,6>"});
  self->await_all_other_actors_done();
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"decoder", decoder>)
