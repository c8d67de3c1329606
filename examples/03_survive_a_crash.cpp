// Shows what the host sees when a worker process dies: who monitors an actor in there is told what became of the process,
// a request to it fails instead of hanging, and a replacement is one `spawn` away.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <csignal>
#include <iostream>

#include <unistd.h>

using namespace std::chrono_literals;

caf::behavior squarer(caf::event_based_actor*) {
  return {
    [](int32_t x) { return x * x; },
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
  };
}

void print(const caf::error& reason) {
  if (auto death = bulkhead::death_of(reason)) {
    std::cout << describe(*death) << '\n'
              << "  cause: " << to_string(death->cause) << ", status: " << death->status << '\n'
              << "  slot: " << death->slot << ", incarnation: " << death->incarnation << '\n';
  } else {
    std::cout << to_string(reason) << '\n';
  }
}

int caf_main(caf::actor_system& sys) {
  auto host = bulkhead::host::of(sys);
  caf::scoped_actor self{sys};
  auto first = host.spawn("squarer");
  if (!first) {
    print(first.error());
    return 1;
  }

  int32_t pid = 0;
  self->request(*first, 10s, caf::get_atom_v).receive([&](int32_t x) { pid = x; }, print);
  self->monitor(*first);
  std::cout << "The squarer lives in process " << pid << ". In another terminal: kill -9 " << pid << std::endl;

  auto patience = ::isatty(STDIN_FILENO) ? 30s : 1s;
  auto seen = [](const caf::down_msg& down) { print(down.reason); };
  self->receive(
    seen, caf::after(patience) >> [&] {
      std::cout << "Nobody did, so this program does." << std::endl;
      ::kill(pid, SIGKILL);
      self->receive(seen);
    });

  std::cout << "Asked for 7 * 7, the dead one leaves an error: ";
  auto answered = [](int32_t square) { std::cout << square << '\n'; };
  self->request(*first, caf::infinite, int32_t{7}).receive(answered, [](const caf::error& reason) {
    std::cout << to_string(reason) << '\n';
  });

  auto second = host.spawn("squarer");
  if (!second) {
    print(second.error());
    return 1;
  }
  std::cout << "The host is well, and a new squarer says that 7 * 7 is ";
  self->request(*second, 10s, int32_t{7}).receive(answered, print);
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"squarer", squarer>)
