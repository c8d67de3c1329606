// How long does it take from the wish for a heavy actor to its first answer, when a spare waits for it, or a fork server can be asked for
// its process?
#include "measurements.hpp"
#include "systems.hpp"

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <vector>

namespace bench {

namespace {

constexpr size_t starts = 50;
constexpr double ns_per_ms = 1e6;

run spawn_and_ask(heavy_system& ours, const bulkhead::worker_options& options) {
  caf::scoped_actor self{ours.get()};
  std::vector<double> times;
  {
    auto keeps_them = ours.spawn("echo", options);
    for (size_t i = 0; i < starts; ++i) {
      ours.wait_for_spares(options.spares);
      auto begin = std::chrono::steady_clock::now();
      auto heavy = ours.spawn("echo", options);
      self->request(heavy, caf::infinite, int64_t{1})
        .receive([](int64_t) {}, [](const caf::error& reason) { fail(to_string(reason)); });
      times.push_back(std::chrono::duration<double, std::nano>{std::chrono::steady_clock::now() - begin}.count());
    }
  }
  ours.wait_for_end_of_workers();
  return of_latencies(std::move(times), ns_per_ms);
}

} // namespace

void spawn_warm(report& to) {
  heavy_system ours;
  bulkhead::worker_options spare;
  spare.spares = 1;
  bulkhead::worker_options forked;
  forked.fork_server = true;
  to.compare({
    {"spawn_warm", "ms", [&] { return spawn_and_ask(ours, spare); }},
    {"spawn_forked", "ms", [&] { return spawn_and_ask(ours, forked); }},
  });
}

} // namespace bench
