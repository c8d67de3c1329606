// An application with its own `main` and its own configuration: a heavy actor answers one request.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>

caf::behavior squarer(caf::event_based_actor*) {
  return {[](int32_t x) { return x * x; }};
}

int main() {
  bulkhead::init_types<>();
  bulkhead::config cfg;
  cfg.add_heavy<"squarer", squarer>();
  if (auto code = bulkhead::run_if_worker(cfg))
    return *code;
  cfg.load<bulkhead::host>();
  caf::actor_system sys{cfg};
  auto hdl = bulkhead::host::of(sys).spawn("squarer");
  if (!hdl) {
    std::cerr << "spawn: " << to_string(hdl.error()) << '\n';
    return 1;
  }
  int status = 1;
  caf::scoped_actor self{sys};
  self->request(*hdl, std::chrono::seconds{60}, int32_t{7})
    .receive(
      [&](int32_t square) {
        std::cout << square << '\n';
        status = 0;
      },
      [](const caf::error& err) { std::cerr << "request: " << to_string(err) << '\n'; });
  return status;
}
