// What does a requester notice when the worker that it asks is replaced after every 1,000 messages? Beside it the same requests
// to a worker that stays. Each answer is compared with what was asked.
#include "measurements.hpp"
#include "systems.hpp"

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <vector>

namespace bench {

namespace {

constexpr int64_t requests = 50'000;
constexpr double ns_per_us = 1e3;

run ask_often(heavy_system& ours, uint64_t messages_max) {
  caf::scoped_actor self{ours.get()};
  std::vector<double> times;
  {
    bulkhead::worker_options options;
    options.restart.when = bulkhead::restart_when::on_crash;
    options.recycle.messages_max = messages_max;
    options.spares = 1;
    auto heavy = ours.spawn("echo", options);
    ours.wait_for_spares(options.spares);
    for (int64_t i = 0; i < requests; ++i) {
      auto begin = std::chrono::steady_clock::now();
      self->request(heavy, caf::infinite, i)
        .receive(
          [&](int64_t x) {
            if (x != i)
              fail("an answer to another request");
          },
          [](const caf::error& reason) { fail(to_string(reason)); });
      times.push_back(std::chrono::duration<double, std::nano>{std::chrono::steady_clock::now() - begin}.count());
    }
  }
  ours.wait_for_end_of_workers();
  return of_latencies(std::move(times), ns_per_us);
}

} // namespace

void recycle(report& to) {
  heavy_system ours;
  to.compare({
    {"recycle", "us", [&] { return ask_often(ours, 1000); }},
    {"recycle_never", "us", [&] { return ask_often(ours, 0); }},
  });
}

} // namespace bench
