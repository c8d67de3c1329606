// Shows a worker whose death hardly anybody notices: its handle stays the same, what waited in its mailbox is handled by the
// process that takes over, a spare, and only the message that kills one after the other fails. In the end a process that is well
// is replaced, too.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <csignal>
#include <iostream>

using namespace std::chrono_literals;

caf::behavior divider(caf::event_based_actor* self) {
  return {
    [self](int32_t x, int32_t y) {
      if (y == 0) {
        std::cout << "attempt " << bulkhead::attempt(self) << " at " << x << " / 0" << std::endl;
        ::raise(SIGFPE);
      }
      return x / y;
    },
  };
}

void print(const caf::error& reason) {
  auto death = bulkhead::death_of(reason);
  std::cout << (reason == bulkhead::errc::poisoned ? "poisoned: " : "error: ")
            << (death ? describe(*death) : to_string(reason)) << std::endl;
}

int caf_main(caf::actor_system& sys) {
  auto host = bulkhead::host::of(sys);
  bulkhead::worker_options options;
  options.standard_output = bulkhead::output::inherit;
  options.restart = {
    .when = bulkhead::restart_when::on_crash, .interrupted = bulkhead::in_doubt::retry, .poison_after = 2};
  options.spares = 1;
  auto divider = host.spawn("divider", options);
  if (!divider) {
    print(divider.error());
    return 1;
  }
  caf::scoped_actor self{sys};
  host.subscribe(self);

  auto answered = [](int32_t x) { std::cout << "answer: " << x << std::endl; };
  self->request(*divider, 10s, int32_t{84}, int32_t{2}).receive(answered, print);
  auto poison = self->request(*divider, 10s, int32_t{84}, int32_t{0});
  auto behind = self->request(*divider, 10s, int32_t{84}, int32_t{4});
  poison.receive(answered, print);
  behind.receive(answered, print);

  // Two deaths, two successors, one message that is tried no more.
  auto told = [](const bulkhead::supervision_event& event) { std::cout << describe(event) << std::endl; };
  for (int events = 0; events < 3; ++events)
    self->receive(told);

  host.recycle(*divider);
  self->receive(told);
  self->request(*divider, 10s, int32_t{84}, int32_t{12}).receive(answered, print);
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"divider", divider>)
