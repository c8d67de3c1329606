// Shows what is left when a worker crashes: why, where in the code, at which message, and what it did before.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <iostream>
#include <string>

using namespace std::chrono_literals;

struct table {
  const int* cells = reinterpret_cast<const int*>(0x1000); // nothing is there
};

[[gnu::noinline]] int sum_of_row(const table* what, int row) {
  bulkhead::mark("row " + std::to_string(row));
  return row == 3 ? static_cast<const volatile int*>(what->cells)[0] : row;
}

caf::behavior adder(caf::event_based_actor*) {
  return {
    [](const std::string& name) {
      std::cerr << "adding up " << name << std::endl;
      table empty;
      int32_t sum = 0;
      for (int row = 1; row <= 5; ++row)
        sum += sum_of_row(&empty, row);
      return sum;
    },
  };
}

int caf_main(caf::actor_system& sys) {
  auto host = bulkhead::host::of(sys);
  host.log_to([](std::string_view) {}); // it would get the same
  caf::scoped_actor self{sys};
  host.subscribe(self);
  auto adder = host.spawn("adder");
  if (!adder) {
    std::cout << to_string(adder.error()) << '\n';
    return 1;
  }
  // Whoever asked gets a line.
  self->request(*adder, 10s, std::string{"prices"})
    .receive([](int32_t sum) { std::cout << sum << '\n'; },
             [](const caf::error& reason) {
               std::cout << "no sum: " << (bulkhead::death_of(reason) ? "the worker died" : to_string(reason)) << '\n';
             });
  // Whoever subscribed gets all of it.
  self->receive([](const bulkhead::death_certificate& what) { std::cout << describe(what) << '\n'; });
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"adder", adder>)
