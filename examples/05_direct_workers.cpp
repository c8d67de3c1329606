// Shows what Python does with `multiprocessing.Process`, two queues and a thread that listens: long-lived workers that the
// host talks to, that talk to the host on their own, and that are shut down in order.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <iostream>

constexpr int32_t workers = 3;
constexpr int32_t items = 2;

// Heavy. It gets the handle of an actor in the host and sends there whatever and whenever it wants.
caf::behavior doubler(caf::event_based_actor* self, int32_t number, caf::actor results) {
  auto name = "worker " + std::to_string(number);
  self->send(results, name + " is ready");
  return {
    [=](int32_t item) { self->send(results, name + " made " + std::to_string(item * 2)); },
    [=](caf::close_atom) { self->quit(); },
  };
}

// Light. Its mailbox is the queue; nobody needs to listen at the other end of one.
caf::behavior listener(caf::event_based_actor* self) {
  return {
    [](const std::string& line) { std::cout << line << std::endl; },
    [=](caf::close_atom) { self->quit(); },
  };
}

int caf_main(caf::actor_system& sys) {
  auto host = bulkhead::host::of(sys);
  auto results = sys.spawn(listener);
  caf::scoped_actor self{sys};
  for (int32_t number = 0; number < workers; ++number) {
    auto worker = host.spawn("doubler", number, results);
    if (!worker) {
      std::cerr << "cannot start a worker: " << to_string(worker.error()) << '\n';
      return 1;
    }
    self->monitor(*worker);
    for (int32_t item = 1; item <= items; ++item)
      self->send(*worker, 10 * number + item);
    self->send(*worker, caf::close_atom_v); // is read last, as messages arrive in order
  }

  // The end of a worker is reported after all that it has sent.
  for (int32_t ended = 0; ended < workers; ++ended)
    self->receive([](const caf::down_msg&) {});
  self->send(results, std::to_string(workers) + " workers have come to their end");
  self->send(results, caf::close_atom_v);
  self->wait_for(results);
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"doubler", doubler>)
