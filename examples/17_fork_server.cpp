// Shows workers that are copies of one process: what takes long is loaded once, in a fork server, and every worker has it from its first
// moment, also the one that replaces a dead one, without a second copy in memory.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <csignal>
#include <iostream>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;

namespace {

// The model: all primes below a limit, which `load` finds once.
std::vector<int32_t> primes;

} // namespace

void load(int32_t limit) {
  std::cout << "loading" << std::endl;
  std::vector<bool> composite(static_cast<size_t>(limit));
  for (int64_t i = 2; i < limit; ++i) {
    if (composite[static_cast<size_t>(i)])
      continue;
    primes.push_back(static_cast<int32_t>(i));
    for (auto k = i * i; k < limit; k += i)
      composite[static_cast<size_t>(k)] = true;
  }
}

caf::behavior oracle(caf::event_based_actor*) {
  return {
    [](int32_t n) { return primes.at(static_cast<size_t>(n - 1)); },
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
  };
}

int caf_main(caf::actor_system& sys) {
  auto host = bulkhead::host::of(sys);
  bulkhead::worker_options options;
  options.fork_server = true;
  options.preload = bulkhead::call<&load>(2'000'000);
  options.standard_output = bulkhead::output::inherit;
  options.restart.when = bulkhead::restart_when::on_crash;

  caf::scoped_actor self{sys};
  auto failed = [](const caf::error& why) { std::cout << "error: " << to_string(why) << std::endl; };
  auto ask = [&](const caf::actor& whom) {
    self->request(whom, 10s, int32_t{100'000})
      .receive([](int32_t prime) { std::cout << "prime number 100000 is " << prime << std::endl; }, failed);
  };
  std::vector<caf::actor> oracles;
  for (auto i = 0; i < 3; ++i) {
    auto next = host.spawn("oracle", options);
    if (!next) {
      std::cerr << to_string(next.error()) << std::endl;
      return 1;
    }
    ask(*next);
    oracles.push_back(*next);
  }
  self->request(oracles[0], 10s, caf::get_atom_v).receive([](int32_t pid) { ::kill(pid, SIGKILL); }, failed);
  std::cout << "one is killed, and replaced by another copy" << std::endl;
  ask(oracles[0]);
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"oracle", oracle>)
